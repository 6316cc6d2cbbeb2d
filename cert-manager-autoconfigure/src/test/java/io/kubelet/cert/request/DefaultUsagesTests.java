package io.kubelet.cert.request;

import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
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

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("app");

	private static final CertificateTemplate DNS_NAME = SUBJECT.withDnsNames(List.of("app.example.com"));

	private static final CertificateTemplate IP_ADDRESS = SUBJECT
		.withIpAddresses(List.of(CertificateNames.parseIpAddress("10.0.0.1")));

	private static final CertificateTemplate URI = CertificateTemplate.ofSubject(null)
		.withUris(List.of("spiffe://example.com/app"));

	@ParameterizedTest(name = "{0}, {2}")
	@MethodSource("requests")
	void usagesFollowTheSignerTheTemplateAndTheKey(String signerName, CertificateTemplate template,
			KeySpecification.Algorithm algorithm, List<Usage> usages) {
		KeySpecification specification = new KeySpecification(algorithm,
				(algorithm == KeySpecification.Algorithm.RSA) ? 2048 : 256);
		assertThat(Usage.defaults(signerName, template, KeyPairSource.jdk().generate(specification).getPublic()))
			.isEqualTo(usages);
	}

	static Stream<Arguments> requests() {
		String kubelet = "kubernetes.io/kube-apiserver-client-kubelet";
		String client = "kubernetes.io/kube-apiserver-client";
		String serving = "kubernetes.io/kubelet-serving";
		String other = "example.com/any";
		List<Usage> forClients = List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
		List<Usage> forServers = List.of(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH);
		return Stream.of(arguments(kubelet, SUBJECT, KeySpecification.Algorithm.EC, forClients),
				arguments(kubelet, SUBJECT, KeySpecification.Algorithm.RSA,
						List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, Usage.CLIENT_AUTH)),
				arguments(kubelet, SUBJECT, KeySpecification.Algorithm.ED25519, forClients),
				arguments(client, SUBJECT, KeySpecification.Algorithm.EC, forClients),
				arguments(client, DNS_NAME, KeySpecification.Algorithm.EC, forClients),
				arguments(serving, DNS_NAME, KeySpecification.Algorithm.EC, forServers),
				arguments(serving, IP_ADDRESS, KeySpecification.Algorithm.RSA,
						List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, Usage.SERVER_AUTH)),
				arguments(other, SUBJECT, KeySpecification.Algorithm.EC, forClients),
				arguments(other, URI, KeySpecification.Algorithm.EC, forClients),
				arguments(other, DNS_NAME, KeySpecification.Algorithm.EC, forServers),
				arguments(other, IP_ADDRESS, KeySpecification.Algorithm.EC, forServers));
	}

}
