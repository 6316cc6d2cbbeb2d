package io.kubelet.cert.request;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerRefusedException;
import io.kubelet.cert.testsupport.FuzzedCertificate;
import io.kubelet.cert.testsupport.FuzzedInput;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a certificate, with any names and extensions, that is accepted although it is
 * not what was requested, that fails otherwise than with a refusal, or whose names reach
 * a log or a page as they are.
 */
class CertificateFuzz {

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("shop")
		.withDnsNames(List.of("shop.svc"));

	private static final PendingRequest REQUEST = new PendingRequest(CertificateRequests.create("shop", TEMPLATE,
			Signer.of("example.com/shop"), List.of(Usage.SERVER_AUTH), null, KEYS), KEYS.getPrivate(), null, null);

	private static final AcceptedPeers SHOP = new AcceptedPeers.Named(
			AcceptedPeers.Named.uris(List.of("spiffe://example.org/shop")), Set.of("shop.svc"), Set.of("shop"));

	@FuzzTest
	void certificate(byte[] input) {
		String pem = FuzzedCertificate.pem(new FuzzedInput(input), KEYS.getPublic());
		FuzzedInput.requireCheap(() -> read(pem));
	}

	private static void read(String pem) {
		X509Certificate certificate;
		try {
			certificate = Pem.readCertificates(pem).get(0);
		}
		catch (MalformedPemException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
			return;
		}
		show(certificate);
		try {
			accepted(IssuedCertificateCheck.ofAnyAuthority()
				.check(List.of(certificate), REQUEST, List.of(), FuzzedCertificate.NOW));
		}
		catch (RequestException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
	}

	/** What the log, the endpoint and the page show of it. */
	private static void show(X509Certificate certificate) {
		FuzzedInput.requireShowable(ExternalText.subject(certificate));
		FuzzedInput.requireShowable(ExternalText.issuer(certificate));
		FuzzedInput.requireShowable(CertificateNames.serialNumber(certificate));
		TEMPLATE.differences(certificate).forEach(FuzzedInput::requireShowable);
		assertThat(AcceptedPeers.Everyone.INSTANCE.nameOf(certificate)).isNotNull();
		try {
			assertThat(TEMPLATE.additionalNames(certificate)).hasSizeLessThan(12)
				.allSatisfy(FuzzedInput::requireShowable);
		}
		catch (IllegalArgumentException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
		try {
			SHOP.require(certificate);
			// A name may be in UTF-16
			assertThat(new String(certificate.getEncoded(), StandardCharsets.ISO_8859_1).replace("\0", ""))
				.containsIgnoringCase("shop");
		}
		catch (PeerRefusedException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
		catch (CertificateEncodingException ex) {
			throw new AssertionError(ex);
		}
	}

	/** Bouncy Castle reads the same names. */
	private static void accepted(CertificatePair pair) {
		X509Certificate leaf = pair.leaf();
		assertThat(leaf.getPublicKey()).isEqualTo(KEYS.getPublic());
		assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
		try {
			GeneralNames names = GeneralNames.fromExtensions(new JcaX509CertificateHolder(leaf).getExtensions(),
					Extension.subjectAlternativeName);
			assertThat(names.getNames()).anySatisfy((name) -> {
				assertThat(name.getTagNo()).isEqualTo(GeneralName.dNSName);
				assertThat(name.getName().toString()).isEqualToIgnoringCase("shop.svc");
			});
			if (leaf.getExtensionValue(Extension.extendedKeyUsage.getId()) != null) {
				assertThat(leaf.getExtendedKeyUsage()).containsAnyOf("1.3.6.1.5.5.7.3.1", "2.5.29.37.0");
			}
		}
		catch (CertificateException ex) {
			throw new AssertionError(ex);
		}
	}

}
