package io.kubelet.cert.certificate;

import org.junit.jupiter.api.Test;
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

	@Test
	void messageHasTheCommandsForARequest() {
		Signer signer = Signer.of("example.com/signer");
		assertThat(signer.howToDescribe("", "shop-1")).isEqualTo("see 'kubectl describe csr shop-1'");
		assertThat(signer.howToWatch("", "shop-1"))
			.isEqualTo("see 'kubectl describe csr shop-1', or approve it with 'kubectl certificate approve shop-1'");
		Signer issuer = Signer.of("ClusterIssuer/internal");
		assertThat(issuer.howToDescribe("", "shop-1")).isEqualTo("see 'kubectl describe certificaterequest shop-1'");
		assertThat(issuer.howToDescribe("team", "shop-1"))
			.isEqualTo("see 'kubectl describe certificaterequest --namespace team shop-1'")
			.isEqualTo(issuer.howToWatch("team", "shop-1"));
	}

	@ParameterizedTest
	@CsvSource({ "example.com/signer", "kubernetes.io/kubelet-serving", "''" })
	void anythingElseIsTheNameOfASigner(String text) {
		assertThat(Signer.of(text)).isEqualTo(new Signer.Named(text))
			.hasToString(text)
			.returns("signer " + text, Signer::describe);
	}

}
