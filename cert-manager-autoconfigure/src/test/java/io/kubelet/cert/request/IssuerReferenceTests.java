package io.kubelet.cert.request;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The text form of issuers.
 */
class IssuerReferenceTests {

	@ParameterizedTest
	@CsvSource({ "ClusterIssuer/internal, ClusterIssuer, internal, cert-manager.io",
			"PCAIssuer.awspca.cert-manager.io/a, PCAIssuer, a, awspca.cert-manager.io" })
	void issuerIsReadFromTheTextThatItIsWrittenAs(String text, String kind, String name, String group) {
		IssuerReference issuer = new IssuerReference(kind, name, group);
		assertThat(issuer).hasToString(text);
		assertThat(IssuerReference.parse(text)).contains(issuer);
	}

}
