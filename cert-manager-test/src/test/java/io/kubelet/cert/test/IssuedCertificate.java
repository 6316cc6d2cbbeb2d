package io.kubelet.cert.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.util.encoders.Hex;
import org.bouncycastle.util.io.pem.PemObject;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What of a certificate a signer decides. It must be the same in a recorded certificate
 * and in one issued now for the same request; only serial number, issuer key and
 * signature may differ.
 *
 * @param subject the subject, DER in hexadecimal
 * @param issuer the issuer's name
 * @param publicKey the key, DER in hexadecimal
 * @param extensions the extensions in order, each with its criticality and its value; of
 * the authority key identifier the form without the key
 * @param lifetime from NotBefore to NotAfter
 * @param backdate from NotBefore to the time of the last condition
 */
record IssuedCertificate(String subject, String issuer, String publicKey, List<String> extensions, Duration lifetime,
		Duration backdate) {

	/** Compare the certificates in two statuses. */
	static void check(JsonObject recordedStatus, JsonObject actualStatus) {
		IssuedCertificate recorded = of(recordedStatus);
		IssuedCertificate actual = of(actualStatus);
		// Approval and signature may fall into two adjacent seconds
		assertThat(actual.backdate()).isCloseTo(recorded.backdate(), Duration.ofSeconds(1));
		assertThat(actual.withBackdate(recorded.backdate())).isEqualTo(recorded);
	}

	private static IssuedCertificate of(JsonObject status) {
		try {
			List<PemObject> blocks = Pem.read(Pem.decode(Json.text(status, "certificate")));
			assertThat(blocks).hasSize(1);
			X509CertificateHolder certificate = new X509CertificateHolder(blocks.get(0).getContent());
			List<JsonElement> conditions = Json.list(status, "conditions");
			Instant decided = Instant.parse(Json.text(conditions.get(conditions.size() - 1), "lastTransitionTime"));
			Instant notBefore = certificate.getNotBefore().toInstant();
			assertThat(certificate.getSerialNumber().signum()).isPositive();
			assertThat(certificate.getSerialNumber().bitLength()).isBetween(64, 128);
			return new IssuedCertificate(Hex.toHexString(certificate.getSubject().getEncoded()),
					certificate.getIssuer().toString(),
					Hex.toHexString(certificate.getSubjectPublicKeyInfo().getEncoded()), extensions(certificate),
					Duration.between(notBefore, certificate.getNotAfter().toInstant()),
					Duration.between(notBefore, decided));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<String> extensions(X509CertificateHolder certificate) {
		List<String> extensions = new ArrayList<>();
		for (ASN1ObjectIdentifier type : certificate.getExtensions().getExtensionOIDs()) {
			Extension extension = certificate.getExtension(type);
			byte[] value = extension.getExtnValue().getOctets();
			if (type.equals(Extension.authorityKeyIdentifier)) {
				Arrays.fill(value, 4, value.length, (byte) 0);
			}
			extensions.add(type + (extension.isCritical() ? " critical " : " ") + Hex.toHexString(value));
		}
		return extensions;
	}

	private IssuedCertificate withBackdate(Duration other) {
		return new IssuedCertificate(this.subject, this.issuer, this.publicKey, this.extensions, this.lifetime, other);
	}

}
