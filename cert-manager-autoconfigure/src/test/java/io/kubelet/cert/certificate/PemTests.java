package io.kubelet.cert.certificate;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.pem.PemContent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What comes of the texts in the fuzzer's corpus.
 *
 * @see Pem
 * @see PemBlock
 * @see EncodedKeys
 * @see PendingRequest
 */
class PemTests {

	private static final String ED448 = """
			-----BEGIN PRIVATE KEY-----
			MEcCAQAwBQYDK2VxBDsEOQfmA7BX/47EtfhISAfHAIH1ObFTmCfiO/EzUz0GHsZA
			RPEl7/rz95i7A0E16n3iIAHe4VNAw7n29g==
			-----END PRIVATE KEY-----
			""";

	@ParameterizedTest
	@ValueSource(strings = { "pair", "key-first", "pair-rsa", "pair-rsa-pkcs8", "pair-ed25519", "pair-pkcs8",
			"text-around", "ec-parameters-block", "carriage-returns", "chain", "one-line-block", "nul-between" })
	void pairIsRead(String file) throws IOException {
		CertificatePair pair = Pem.readPair(text(file));
		// What follows the leaf in "chain" is unrelated to it
		assertThat(pair.chain()).hasSize(1);
		assertThat(Pem.readPair(Pem.write(pair.chain()), text(file))).isEqualTo(pair);
	}

	@ParameterizedTest
	@CsvSource({ "two-keys, exactly one private key", "same-key-twice, exactly one private key",
			"certificates-only, exactly one private key", "key-only, There is no certificate",
			"byte-order-mark, There is no certificate", "other-key, The private key does not belong",
			"other-key-of-the-same-kind, The private key does not belong",
			"wrong-order, The private key does not belong", "encrypted-pkcs8, is encrypted",
			"encrypted-traditional, is encrypted", "damaged-base64, cannot be read", "cut-in-block, cannot be read",
			"cut-in-last-block, cannot be read", "empty, exactly one private key",
			"no-issuer, malformed (Empty issuer DN not allowed",
			"trailing-data, A certificate is followed by other data in its block",
			"curve-p224, of a curve that this JVM does not support",
			"curve-brainpool, of a curve that this JVM does not support" })
	void brokenPairIsRefusedWithWhatIsWrong(String file, String message) {
		assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> Pem.readPair(text(file)))
			.withMessageContaining(message);
	}

	@Test
	void pairOfMlDsaIsReadIfTheJvmKnowsIt() throws IOException {
		String text = ProjectFiles.read("cert-manager-autoconfigure/src/test/resources/ml-dsa/pair.pem");
		if (!Security.getAlgorithms("KeyFactory").contains("ML-DSA")) {
			assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> Pem.readPair(text))
				.withMessage(
						"The key is of the algorithm ML-DSA-44, which this JVM does not support: JDK 24 and later do");
			return;
		}
		CertificatePair pair = Pem.readPair(text);
		assertThat(Pem.readPair(Pem.write(pair))).isEqualTo(pair).isNotEqualTo(Pem.readPair(text("pair")));
		assertThat(KeySpecification.describe(pair.leaf().getPublicKey())).startsWith("ML-DSA");
		assertThat(KeySpecification.isStrongEnough(pair.leaf().getPublicKey())).isTrue();
		assertThatExceptionOfType(MalformedPemException.class)
			.isThrownBy(() -> Pem.readPair(Pem.write(pair.chain()), text("other-key")))
			.withMessageContaining("The private key does not belong");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					2.16.840.1.101.3.4.3.17 | false | of the algorithm ML-DSA-44, which this JVM does not support: JDK 24 and later do
					2.16.840.1.101.3.4.3.18 | true  | of the algorithm ML-DSA-65, in a form that this JVM does not read: store it without its seed
					1.3.101.113             | false | of the algorithm 1.3.101.113, which is not supported: use EC, RSA, Ed25519 or ML-DSA
					1.2.840.10045.2.1       | false | cannot be read: it is damaged
					""")
	void algorithmIsNamedUnlessTheKeyIsDamaged(String algorithm, boolean complete, String message) {
		assertThat(EncodedKeys.unreadable(algorithm, complete))
			.hasMessageStartingWith("The key " + (message.startsWith("of") ? "is " : "") + message);
	}

	@Test
	void keyOfAnotherAlgorithmIsNotCalledDamaged() {
		assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> Pem.readPrivateKey(ED448))
			.withMessageContaining("1.3.101.113");
		assertThatExceptionOfType(MalformedPemException.class)
			.isThrownBy(() -> Pem.readPrivateKey("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
			.withMessage("The key cannot be read: it is damaged");
	}

	@Test
	void headersAreThoseOfTheirOwnBlock() {
		assertThat(PemBlock.read("-----BEGIN A-----\nName: one\n\nAAAA\n-----END A-----\n"
				+ "-----BEGIN B-----\nAAAA\n-----END B-----\n"))
			.extracting(PemBlock::headers)
			.containsExactly(Map.of("Name", "one"), Map.of());
		assertThatExceptionOfType(MalformedPemException.class)
			.isThrownBy(() -> PemBlock.read("-----BEGIN A-----\n: nameless\n\nAAAA\n-----END A-----\n"));
	}

	@Test
	void certificatesAreReadInTheirOrder() throws IOException {
		List<X509Certificate> chain = Pem.readCertificates(text("chain"));
		assertThat(Pem.readCertificates(text("wrong-order"))).containsExactly(chain.get(1), chain.get(0));
		assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> Pem.readCertificates(text("key-only")))
			.withMessage("There is no CERTIFICATE block");
	}

	/** The API server accepts such a chain from a signer. */
	@Test
	void certificatesInOneBlockAreAllRead() throws IOException {
		List<X509Certificate> chain = Pem.readCertificates(text("chain"));
		byte[] first = CertificateChain.encoded(chain.get(0));
		byte[] second = CertificateChain.encoded(chain.get(1));
		byte[] both = ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
		String after = Pem.write(chain.subList(0, 1));
		assertThat(Pem.readCertificates(new PemBlock("CERTIFICATE", both).write() + after))
			.containsExactly(chain.get(0), chain.get(1), chain.get(0));
		for (int length : new int[] { both.length - 1, first.length + 1, both.length + 1 }) {
			String damaged = new PemBlock("CERTIFICATE", Arrays.copyOf(both, length)).write();
			assertThatExceptionOfType(MalformedPemException.class)
				.isThrownBy(() -> Pem.readCertificates(damaged + after))
				.withMessage("A certificate is followed by other data in its block: "
						+ "store each certificate in a block of its own");
		}
	}

	@Test
	void textOfTheGreatestLengthIsReadAndALongerOneIsNot() throws IOException {
		String pair = text("pair");
		String most = pair + "\n".repeat(Pem.MAXIMUM_LENGTH - pair.length());
		assertThat(Pem.readPair(most)).isEqualTo(Pem.readPair(pair));
		assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> Pem.readPair(most + "\n"))
			.withMessageContaining("at most " + Pem.MAXIMUM_LENGTH);
	}

	/** Of an EC key, {@link Pem#write} writes the form of the kubelet. */
	@ParameterizedTest
	@ValueSource(strings = { "pair", "pair-rsa" })
	void keyIsWrittenInTheFormThatJavaReads(String file) throws IOException {
		CertificatePair pair = Pem.readPair(text(file));
		String key = Pem.writePkcs8(pair);
		assertThat(key).startsWith("-----BEGIN PRIVATE KEY-----\n");
		// Which requires that the key belongs to the certificate
		assertThat(new CertificatePair(pair.chain(), Objects.requireNonNull(PemContent.of(key).getPrivateKey())).leaf())
			.isEqualTo(pair.leaf());
	}

	@Test
	void requestIsReadWithAllThatWasWritten() throws IOException {
		PendingRequest pending = PendingRequest.ofPem(text("request"));
		CertificateRequest request = pending.request();
		assertThat(request.name()).isEqualTo("csr-1");
		assertThat(request.usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
		assertThat(request.requestedLifetime()).hasHours(1);
		assertThat(request.template()).isEqualTo(new CertificateTemplate("one", List.of("example", "a, b: c"),
				List.of("a.example"), List.of(CertificateNames.parseIpAddress("10.0.0.1")), List.of(), List.of()));
		assertThat(PendingRequest.ofPem(pending.toPem())).isEqualTo(pending);
	}

	@ParameterizedTest
	@CsvSource({ "request-unknown-usage, cannot be read", "request-no-signer, cannot be read",
			"request-no-headers, cannot be read", "request-bad-lifetime, cannot be read",
			"request-no-key, exactly one private key", "pair, There is no CERTIFICATE REQUEST block",
			"cut-in-block, cannot be read" })
	void brokenRequestIsRefusedWithWhatIsWrong(String file, String message) {
		assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> PendingRequest.ofPem(text(file)))
			.withMessageContaining(message);
	}

	/** A parser's message quotes what it does not understand. */
	@ParameterizedTest
	@ValueSource(strings = { "-----BEGIN SECRET-4711-----\nAAAA\n", "-----BEGIN SECRET-4711-----\n",
			"-----BEGIN CERTIFICATE-----\nSECRET-4711\n-----END CERTIFICATE-----\n",
			"-----BEGIN EC PRIVATE KEY-----\nSECRET-4711\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
			"-----BEGIN CERTIFICATE REQUEST-----\nSigner-Name: a/b\nUsages: SECRET-4711\n\nAAAA\n"
					+ "-----END CERTIFICATE REQUEST-----\n",
			"-----BEGIN CERTIFICATE REQUEST-----\nSigner-Name: a/b\nUsages: client auth\nCreated-At: SECRET-4711\n\n"
					+ "AAAA\n-----END CERTIFICATE REQUEST-----\n" })
	void noFailureQuotesTheText(String text) {
		for (Consumer<String> reader : List.<Consumer<String>>of(Pem::readPair, Pem::readCertificates,
				Pem::readPrivateKey, PendingRequest::ofPem)) {
			assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> reader.accept(text))
				.withMessageNotContaining("4711")
				.withNoCause();
		}
	}

	/** Somebody else may have written it, and names appear in the log. */
	@ParameterizedTest
	@ValueSource(strings = { "Name: x%0A2026-11-27+ERROR+forged", "Name: ..%2F..%2Fapi", "Name: ",
			"Signer-Name: a%1B%5B31m" })
	void requestWithANameThatIsNoneIsRefused(String header) throws IOException {
		String name = header.substring(0, header.indexOf(':'));
		String forged = text("request").replaceFirst("(?m)^" + name + ": .*$", header);
		assertThatExceptionOfType(MalformedPemException.class).isThrownBy(() -> PendingRequest.ofPem(forged))
			.withMessageContaining("is not a name");
	}

	@Test
	void requestWithAnotherKeyOrChangedContentIsRefused() throws IOException {
		PendingRequest pending = PendingRequest.ofPem(text("request"));
		CertificateRequest request = pending.request();
		byte[] changed = Pkcs10.block(request.pkcs10()).content();
		changed[new String(changed, StandardCharsets.ISO_8859_1).indexOf("a.example")] = 'b';
		CertificateRequest other = new CertificateRequest("csr-1", null, null, request.template(), request.signer(),
				request.usages(), null, Pem.writeRequest(changed), request.publicKey());
		for (PendingRequest refused : List.of(pending.with(other),
				new PendingRequest(request, Pem.readPrivateKey(text("other-key")), null, null))) {
			assertThatExceptionOfType(MalformedPemException.class)
				.isThrownBy(() -> PendingRequest.ofPem(refused.toPem()))
				.withMessageContaining("do not belong together");
		}
	}

	@Test
	void textOfARequestNamesItAndNotItsKey() throws IOException {
		PendingRequest request = PendingRequest.ofPem(text("request"));
		assertThat(request.toString())
			.contains("csr-1", request.request().signer().toString(), "client auth", "a.example")
			.doesNotContain("privateKey", request.privateKey().toString());
	}

	private static String text(String file) throws IOException {
		try (var input = Objects.requireNonNull(PemTests.class.getResourceAsStream("PemFuzzInputs/text/" + file))) {
			return new String(input.readAllBytes(), StandardCharsets.UTF_8);
		}
	}

}
