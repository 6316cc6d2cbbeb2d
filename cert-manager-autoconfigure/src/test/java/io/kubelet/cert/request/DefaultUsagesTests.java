package io.kubelet.cert.request;

import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.KeyAlgorithm;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * The usages that are requested by default.
 */
class DefaultUsagesTests {

	@ParameterizedTest(name = "{0}, {1}")
	@MethodSource("signers")
	void usagesFollowTheSignerAndTheKey(String signerName, KeyAlgorithm algorithm, List<Usage> usages) {
		KeySpecification specification = new KeySpecification(algorithm, (algorithm == KeyAlgorithm.RSA) ? 2048 : 256);
		assertThat(DefaultUsages.of(signerName, KeyPairSource.jdk().generate(specification).getPublic()))
			.isEqualTo(usages);
	}

	static Stream<Arguments> signers() {
		String client = "kubernetes.io/kube-apiserver-client-kubelet";
		String serving = "kubernetes.io/kubelet-serving";
		return Stream.of(arguments(client, KeyAlgorithm.EC, List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH)),
				arguments(client, KeyAlgorithm.RSA,
						List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, Usage.CLIENT_AUTH)),
				arguments(client, KeyAlgorithm.ED25519, List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH)),
				arguments("kubernetes.io/kube-apiserver-client", KeyAlgorithm.EC,
						List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH)),
				arguments(serving, KeyAlgorithm.EC, List.of(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH)),
				arguments(serving, KeyAlgorithm.RSA,
						List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, Usage.SERVER_AUTH)),
				arguments("example.com/any", KeyAlgorithm.EC,
						List.of(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH, Usage.CLIENT_AUTH)));
	}

}
