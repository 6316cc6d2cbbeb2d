package io.kubelet.cert.certificate;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.assertj.core.api.Assumptions;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where the inputs of fuzzing are read otherwise than the JDK, Bouncy Castle and OpenSSL
 * read them, and what is said of them. All others are read alike.
 *
 * @see Pem
 */
class PemDifferencesTests {

	/** Without a message, it is read here, and refused there. */
	private static final Map<String, Difference> DIFFERENCES = differences("""
			byte-order-mark                CERTIFICATE OpenSSL | There is no CERTIFICATE block
			cut-in-last-block              CERTIFICATE all     | A PEM block cannot be read: it is cut off or damaged
			dsa-pkcs8                      CERTIFICATE all     | which is not supported: use EC, RSA, Ed25519
			encrypted-pkcs8                CERTIFICATE all     | The private key is encrypted
			encrypted-traditional          CERTIFICATE all     | The private key is encrypted
			explicit-parameters            CERTIFICATE all     | The key cannot be read
			explicit-parameters-pkcs8      CERTIFICATE all     | The key cannot be read
			no-issuer                      CERTIFICATE OpenSSL | A certificate cannot be read
			rsa-pss                        CERTIFICATE all     | which is not supported: use EC, RSA, Ed25519
			trailing-data                  CERTIFICATE OpenSSL | there is more after it
			trailing-data                  KEY         OpenSSL | there is more after it
			two-in-one-block               CERTIFICATE OpenSSL | there is more after it
			two-in-one-block               KEY         OpenSSL | there is more after it
			wrong-label                    CERTIFICATE all     | A PEM block cannot be read: it is cut off or damaged
			damaged-base64                 KEY         OpenSSL | A PEM block cannot be read: it is cut off or damaged
			dsa                            KEY         all     | There must be exactly one private key, but there are 0
			dsa-pkcs8                      KEY         all     | which is not supported: use EC, RSA, Ed25519
			ec-key-with-another-public-key KEY         OpenSSL |
			ed448                          KEY         all     | which is not supported: use EC, RSA, Ed25519
			explicit-parameters            KEY         OpenSSL | The key cannot be read
			explicit-parameters-pkcs8      KEY         OpenSSL | The key cannot be read
			key-first                      CERTIFICATE JDK     |
			nested-block                   KEY         OpenSSL | A PEM block cannot be read: it is cut off or damaged
			no-issuer                      KEY         OpenSSL | A certificate cannot be read
			nul-in-block                   KEY         OpenSSL | A PEM block cannot be read: it is cut off or damaged
			rsa-pss                        KEY         all     | which is not supported: use EC, RSA, Ed25519
			same-key-twice                 KEY         all     | There must be exactly one private key, but there are 2
			two-keys                       KEY         all     | There must be exactly one private key, but there are 2
			x25519                         KEY         all     | which is not supported: use EC, RSA, Ed25519
			""");

	@ParameterizedTest
	@MethodSource("inputs")
	void inputIsReadAsByBouncyCastleOrRefusedForAReason(Path file) throws Exception {
		String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
		for (What what : What.values()) {
			String theirs;
			try {
				theirs = what.byBouncyCastle(text);
			}
			catch (IOException | RuntimeException ex) {
				theirs = "";
			}
			require(what, file, text, theirs, List.of("all"));
		}
	}

	@ParameterizedTest
	@MethodSource("inputs")
	void inputIsReadAsByOpenSslOrRefusedForAReason(Path file) throws Exception {
		Assumptions.assumeThat(Path.of("/usr/bin/openssl")).exists();
		String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
		for (What what : What.values()) {
			require(what, file, text, what.byOpenSsl(file), List.of("all", "OpenSSL"));
		}
	}

	/** It reads no keys in PEM before JDK 25. */
	@ParameterizedTest
	@MethodSource("inputs")
	void certificateIsReadAsByTheJdkOrRefusedForAReason(Path file) throws Exception {
		// Newer versions look for the first block behind it
		Assumptions.assumeThat(file.getFileName().toString()).isNotEqualTo("byte-order-mark");
		byte[] content = Files.readAllBytes(file);
		String theirs;
		try {
			theirs = What.encoded(CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(content))
				.getEncoded());
		}
		catch (CertificateException ex) {
			theirs = "";
		}
		require(What.CERTIFICATE, file, new String(content, StandardCharsets.UTF_8), theirs, List.of("all", "JDK"));
	}

	private static void require(What what, Path file, String text, String theirs, List<String> others) {
		Difference difference = DIFFERENCES.get(file.getFileName() + " " + what);
		String message = "";
		String ours = "";
		try {
			ours = what.ours.apply(text);
		}
		catch (MalformedPemException ex) {
			message = String.valueOf(ex.getMessage());
		}
		if (difference != null && others.contains(difference.other)) {
			assertThat(ours.isEmpty()).as("%s of %s", what, file).isNotEqualTo(theirs.isEmpty());
			assertThat(message).contains(difference.message);
		}
		else {
			assertThat(ours).as("%s of %s", what, file).isEqualTo(theirs);
		}
	}

	static List<Path> inputs() throws Exception {
		Path folder = Path.of(Objects.requireNonNull(Pem.class.getResource("PemFuzzInputs/text")).toURI());
		try (Stream<Path> files = Files.list(folder)) {
			return files.sorted().toList();
		}
	}

	private static Map<String, Difference> differences(String table) {
		return table.lines()
			.map((line) -> line.split("[ |]+", 4))
			.collect(Collectors.toMap((row) -> row[0] + " " + row[1],
					(row) -> new Difference(row[2], (row.length > 3) ? row[3] : "")));
	}

	private record Difference(String other, String message) {
	}

	/** What is read of an input, the first certificate or whether there is a key. */
	private enum What {

		CERTIFICATE((text) -> encoded(CertificateChain.encoded(Pem.readCertificates(text).get(0)))),

		KEY((text) -> {
			Pem.readPrivateKey(text);
			return "a key";
		});

		private final Function<String, String> ours;

		What(Function<String, String> ours) {
			this.ours = ours;
		}

		private String byBouncyCastle(String text) throws IOException {
			PEMParser parser = new PEMParser(new StringReader(text));
			for (Object read = parser.readObject(); read != null; read = parser.readObject()) {
				if (this == CERTIFICATE && read instanceof X509CertificateHolder certificate) {
					return encoded(certificate.getEncoded());
				}
				Object key = (read instanceof PEMKeyPair pair) ? pair.getPrivateKeyInfo() : read;
				if (this == KEY && key instanceof PrivateKeyInfo info) {
					new JcaPEMKeyConverter().getPrivateKey(info);
					return "a key";
				}
			}
			return "";
		}

		private String byOpenSsl(Path file) throws Exception {
			List<String> command = (this == KEY) ? List.of("pkey", "-noout", "-passin", "pass:")
					: List.of("x509", "-outform", "DER");
			Process process = new ProcessBuilder(Stream.of(List.of("openssl"), command, List.of("-in", file.toString()))
				.flatMap(List::stream)
				.toList()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
			byte[] output = process.getInputStream().readAllBytes();
			if (process.waitFor() != 0) {
				return "";
			}
			return (this == KEY) ? "a key" : encoded(output);
		}

		private static String encoded(byte[] certificate) {
			return Base64.getEncoder().encodeToString(certificate);
		}

	}

}
