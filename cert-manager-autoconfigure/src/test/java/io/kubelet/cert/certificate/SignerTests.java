package io.kubelet.cert.certificate;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Signer}.
 *
 * @see Signer
 */
class SignerTests {

	@ParameterizedTest
	@CsvSource({ "ClusterIssuer/internal, ClusterIssuer, internal, cert-manager.io",
			"PCAIssuer.awspca.cert-manager.io/a, PCAIssuer, a, awspca.cert-manager.io" })
	void issuerIsReadFromTheTextThatItIsWrittenAs(String text, String kind, String name, String group) {
		assertThat(Signer.of(text)).isEqualTo(new Signer.Issuer(kind, name, group))
			.hasToString(text)
			.returns("issuer " + text, Signer::describe);
	}

	@ParameterizedTest
	@CsvSource({ "example.com/signer", "kubernetes.io/kubelet-serving", "''" })
	void anythingElseIsTheNameOfASigner(String text) {
		assertThat(Signer.of(text)).isEqualTo(new Signer.Named(text))
			.hasToString(text)
			.returns("signer " + text, Signer::describe);
	}

}
