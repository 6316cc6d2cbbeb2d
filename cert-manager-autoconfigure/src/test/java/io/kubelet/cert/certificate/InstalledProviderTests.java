package io.kubelet.cert.certificate;

import java.io.StringReader;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestKeys;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is written and read is the same whichever security providers an application has:
 * the Kubernetes client installs Bouncy Castle's.
 *
 * @see EncodedKeys
 */
class InstalledProviderTests {

	private final boolean installed = Security.getProvider(BouncyCastleProvider.PROVIDER_NAME) != null;

	@AfterEach
	void restore() {
		Security.removeProvider(BouncyCastleProvider.PROVIDER_NAME);
		if (this.installed) {
			Security.addProvider(new BouncyCastleProvider());
		}
	}

	@ParameterizedTest(name = "{0} {1}, Bouncy Castle at {2}")
	@CsvSource({ "EC, 256, 1000", "EC, 384, 1000", "RSA, 2048, 1000", "ED25519, 256, 1000", "EC, 256, 1",
			"RSA, 2048, 1" })
	void pairAndRequestAreReadAsTheyWereWritten(KeySpecification.Algorithm algorithm, int size, int position) {
		Security.removeProvider(BouncyCastleProvider.PROVIDER_NAME);
		KeySpecification key = new KeySpecification(algorithm, size);
		KeyPair keys = TestKeys.generate(key);
		CertificateTemplate template = CertificateTemplate.ofSubject("app");
		CertificatePair pair = new CertificatePair(List.of(new TestAuthority("test").issue(keys.getPublic(), template,
				Instant.now(), Instant.now().plusSeconds(60))), keys.getPrivate());
		CertificateRequest request = CertificateRequests.create("csr", template, Signer.of("example.com/app"),
				Usage.defaults(Signer.of("example.com/app"), template, keys.getPublic()), null, keys);
		String pem = Pem.write(pair);
		String requestPem = new PendingRequest(request, keys.getPrivate(), key, "0a").toPem();
		Security.insertProviderAt(new BouncyCastleProvider(), position);
		assertThat(Pem.write(Pem.readPair(pem))).isEqualTo(pem);
		assertThat(PendingRequest.ofPem(requestPem).toPem()).isEqualTo(requestPem);
	}

	/** Those of Bouncy Castle are encrypted with RC2, which OpenSSL 3 does not read. */
	@Test
	void exportedKeyStoreIsThatOfTheJdk() {
		Security.removeProvider(BouncyCastleProvider.PROVIDER_NAME);
		Security.insertProviderAt(new BouncyCastleProvider(), 1);
		byte[] content = KeyStores.pkcs12(List.of(new TestAuthority("test").certificate()), "secret");
		String pbes2 = "2a864886f70d01050d";
		assertThat(HexFormat.of().formatHex(content)).contains(pbes2);
	}

	/** An application may generate keys itself. */
	@Test
	void keySignsByTheProviderThatTheJvmPrefers() throws Exception {
		Security.removeProvider(BouncyCastleProvider.PROVIDER_NAME);
		Security.insertProviderAt(new BouncyCastleProvider(), 1);
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
		generator.initialize(new ECGenParameterSpec("brainpoolP256r1"));
		KeyPair keys = generator.generateKeyPair();
		CertificateRequest request = CertificateRequests.create("csr", CertificateTemplate.ofSubject("app"),
				Signer.of("example.com/app"), List.of(), null, keys);
		try (PEMParser parser = new PEMParser(new StringReader(request.pkcs10()))) {
			PKCS10CertificationRequest parsed = (PKCS10CertificationRequest) parser.readObject();
			assertThat(parsed.isSignatureValid(new JcaContentVerifierProviderBuilder().build(keys.getPublic())))
				.isTrue();
		}
	}

}
