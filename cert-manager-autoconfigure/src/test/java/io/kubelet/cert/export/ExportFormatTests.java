package io.kubelet.cert.export;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.KeySpecification.Algorithm;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.TestKeys;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.openssl.PEMParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * What is in exported files, as the JDK and OpenSSL read it.
 *
 * @see ExportFormat
 * @see ExportWriter
 */
class ExportFormatTests extends ExportFixture {

	@ParameterizedTest
	@CsvSource({ "EC, 256, EC", "RSA, 2048, RSA", "ED25519, 256, EdDSA" })
	void everyFormatHoldsTheSameKeyChainAndAuthorities(Algorithm algorithm, int size, String name) throws Exception {
		CertificatePair pair = pair(algorithm, size);
		start(ExportFormat.values()).export(pair, TRUST);
		assertThat(names()).containsExactly("..data", "bundle.pem", "ca.crt", "keystore.p12", "password.txt", "tls.crt",
				"tls.key", "tls.pk8", "truststore.p12");
		assertThat(Pem.readPair(text("tls.crt"), text("tls.key"))).isEqualTo(pair);
		assertThat(Pem.readPair(text("bundle.pem"))).isEqualTo(pair);
		assertThat(text("tls.key")).startsWith("-----BEGIN PRIVATE KEY-----\n");
		assertThat(text("bundle.pem")).startsWith(text("tls.key"));
		assertThat(Pem.readCertificates(text("ca.crt"))).containsExactly(authority.certificate());
		assertThat(Files.readAllBytes(file("tls.pk8"))).isEqualTo(pair.privateKey().getEncoded());
		String password = text("password.txt");
		assertThat(password).matches("[0-9a-f]{32}");
		KeyStore keys = store("keystore.p12", password);
		assertThat(keys.getKey("shop", password.toCharArray())).isEqualTo(pair.privateKey());
		assertThat(keys.getKey("shop", password.toCharArray()).getAlgorithm()).isEqualTo(name);
		assertThat(keys.getCertificateChain("shop")).containsExactly(pair.chain().toArray(X509Certificate[]::new));
		assertThat(store("truststore.p12", password).getCertificate("authority-0")).isEqualTo(authority.certificate());
	}

	/** Programs with rustls require it. */
	@ParameterizedTest
	@ValueSource(ints = { 256, 384, 521 })
	void pemKeyOfAnEllipticCurveContainsItsPublicKey(int size) throws Exception {
		CertificatePair pair = pair(Algorithm.EC, size);
		start(ExportFormat.PEM).export(pair, TRUST);
		PrivateKeyInfo key;
		try (PEMParser parser = new PEMParser(new StringReader(text("tls.key")))) {
			key = (PrivateKeyInfo) parser.readObject();
		}
		SubjectPublicKeyInfo expected = SubjectPublicKeyInfo.getInstance(pair.leaf().getPublicKey().getEncoded());
		assertThat(key.getPrivateKeyAlgorithm()).isEqualTo(expected.getAlgorithm());
		ECPrivateKey content = ECPrivateKey.getInstance(key.parsePrivateKey());
		assertThat(content.getPublicKey()).isEqualTo(expected.getPublicKeyData());
		assertThat(content.getKey()).isEqualTo(((java.security.interfaces.ECPrivateKey) pair.privateKey()).getS());
		assertThat(Pem.readPair(text("tls.crt"), text("tls.key"))).isEqualTo(pair);
	}

	@Test
	void openSslReadsEveryFormat() throws Exception {
		assumeThat(Path.of("/usr/bin/openssl")).exists();
		start(ExportFormat.values()).export(pair(), TRUST);
		String key = openSsl("x509", "-in", "tls.crt", "-noout", "-pubkey");
		assertThat(openSsl("verify", "-CAfile", "ca.crt", "tls.crt")).contains("OK");
		assertThat(openSsl("pkey", "-in", "tls.key", "-pubout")).isEqualTo(key);
		assertThat(openSsl("pkey", "-in", "bundle.pem", "-pubout")).isEqualTo(key);
		assertThat(openSsl("x509", "-in", "bundle.pem", "-noout", "-pubkey")).isEqualTo(key);
		assertThat(openSsl("pkey", "-inform", "DER", "-in", "tls.pk8", "-pubout")).isEqualTo(key);
		assertThat(openSsl("pkcs12", "-in", "keystore.p12", "-passin", "file:password.txt", "-nodes"))
			.contains("BEGIN PRIVATE KEY", "BEGIN CERTIFICATE");
		assertThat(openSsl("pkcs12", "-in", "truststore.p12", "-passin", "file:password.txt", "-nokeys"))
			.contains("CN=export", "BEGIN CERTIFICATE");
	}

	@Test
	void kafkaReadsTheBundleAndTheAuthorities() throws Exception {
		CertificatePair pair = pair();
		start(ExportFormat.BUNDLE, ExportFormat.PEM).export(pair, TRUST);
		try (DefaultSslEngineFactory factory = new DefaultSslEngineFactory()) {
			factory.configure(Map.of("ssl.protocol", "TLSv1.3", "ssl.enabled.protocols", List.of("TLSv1.3"),
					"ssl.cipher.suites", List.of(), "ssl.keystore.type", "PEM", "ssl.keystore.location",
					file("bundle.pem").toString(), "ssl.truststore.type", "PEM", "ssl.truststore.location",
					file("ca.crt").toString()));
			KeyStore keys = factory.keystore();
			assertThat(keys.getCertificate(keys.aliases().nextElement())).isEqualTo(pair.leaf());
			KeyStore trust = factory.truststore();
			assertThat(trust.getCertificate(trust.aliases().nextElement())).isEqualTo(authority.certificate());
		}
	}

	/** An empty file might be taken for the authorities of the system. */
	@Test
	void withoutAnyAuthorityTheFilesTrustOneThatCannotSign() throws Exception {
		start(ExportFormat.PEM, ExportFormat.PKCS12).export(pair(), Trust.exactly(List.of()));
		X509Certificate nobody = Pem.readCertificates(text("ca.crt")).get(0);
		assertThat(nobody.getSubjectX500Principal().getName()).contains("no certificate authority is trusted");
		assertThat(store("truststore.p12", text("password.txt")).getCertificate("authority-0")).isEqualTo(nobody);
	}

	@Test
	void passwordIsThatOfAFileIfOneIsNamed() throws Exception {
		Path file = Files.writeString(this.parent.resolve("password"), "secret word\nsecond line\n");
		ExportedFiles exported = start("0600", null, file, ExportFormat.PKCS12);
		exported.export(pair(), TRUST);
		assertThat(names()).containsExactly("..data", "keystore.p12", "truststore.p12");
		assertThat(store("keystore.p12", "secret word").containsAlias("shop")).isTrue();
		Files.writeString(file, "another");
		exported.export(pair(), TRUST);
		assertThat(store("keystore.p12", "another").containsAlias("shop")).isTrue();
	}

	private static CertificatePair pair(Algorithm algorithm, int size) {
		KeyPair keys = TestKeys.generate(new KeySpecification(algorithm, size));
		return CertificatePair.of(List.of(authority.issue(keys.getPublic(), CertificateTemplate.ofSubject("shop"),
				Instant.parse("2020-01-01T00:00:00Z"), Instant.parse("2050-01-01T00:00:00Z"))), keys);
	}

	private String text(String name) throws IOException {
		return Files.readString(file(name));
	}

	private KeyStore store(String name, String password) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		try (InputStream content = Files.newInputStream(file(name))) {
			store.load(content, password.toCharArray());
		}
		return store;
	}

	private String openSsl(String... arguments) throws Exception {
		List<String> command = new ArrayList<>(List.of("openssl"));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).directory(directory().toFile()).redirectErrorStream(true).start();
		process.getOutputStream().close();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
		return output;
	}

}
