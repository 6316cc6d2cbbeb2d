package io.kubelet.cert.certificate;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.assertj.core.api.Assumptions;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where the inputs of fuzzing are read otherwise than the JDK, Bouncy Castle, OpenSSL and
 * client-go read them, and what is said of them. All others are read alike.
 *
 * @see Pem
 */
class PemDifferencesTests {

	/**
	 * Under their row in the reference: the input, who reads what otherwise, and what is
	 * said here. Without a message, it is read here, and refused there.
	 */
	private static final Map<String, Difference> DIFFERENCES = differences(
			"""
					# a later block is cut off, or ends with another label
					cut-in-last-block CERTIFICATE:all | A PEM block cannot be read
					wrong-label CERTIFICATE:all PAIR:Go | A PEM block cannot be read
					# a later certificate is malformed
					second-certificate-malformed CERTIFICATE:JDK,BouncyCastle,OpenSSL KEY:Go,OpenSSL PAIR:Go | A certificate cannot be read
					# a certificate beside an encrypted key
					encrypted-pkcs8 CERTIFICATE:all | The private key is encrypted
					encrypted-traditional CERTIFICATE:all | The private key is encrypted
					# a key of DSA, Ed448, X25519 or RSASSA-PSS; explicit parameters of a curve
					dsa KEY:BouncyCastle,OpenSSL | There must be exactly one private key, but there are 0
					dsa-pkcs8 CERTIFICATE:all KEY:BouncyCastle,OpenSSL | which is not supported: use EC, RSA, Ed25519
					ed448 KEY:BouncyCastle,OpenSSL | which is not supported: use EC, RSA, Ed25519
					explicit-parameters CERTIFICATE:all KEY:OpenSSL | The key cannot be read
					explicit-parameters-pkcs8 CERTIFICATE:all KEY:OpenSSL | The key cannot be read
					rsa-pss CERTIFICATE:all KEY:BouncyCastle,OpenSSL | which is not supported: use EC, RSA, Ed25519
					x25519 KEY:all | which is not supported: use EC, RSA, Ed25519
					# a curve other than P-256, P-384 and P-521
					curve-brainpool CERTIFICATE:Go KEY:Go
					curve-p224 PAIR:Go | of a curve that this JVM does not support
					curve-secp256k1 CERTIFICATE:Go KEY:Go
					unknown-curve CERTIFICATE:Go KEY:Go
					# two keys, also if they are the same
					same-key-twice KEY:all PAIR:Go | There must be exactly one private key, but there are 2
					two-keys KEY:all PAIR:Go | There must be exactly one private key, but there are 2
					# damaged Base64, a NUL, or a block within its block
					damaged-base64 KEY:Go,OpenSSL | A PEM block cannot be read
					nested-block CERTIFICATE:Go KEY:Go,OpenSSL PAIR:Go | A PEM block cannot be read
					nul-in-block KEY:Go,OpenSSL | A PEM block cannot be read
					# a block that begins on the line where another ends
					no-line-break-between CERTIFICATE:BouncyCastle | A PEM block cannot be read
					# blank lines or headers in a block, or blanks before it
					blank-lines-in-block CERTIFICATE:OpenSSL KEY:OpenSSL
					headers-of-certificate CERTIFICATE:JDK,OpenSSL,Go
					headers-of-key KEY:OpenSSL
					indented CERTIFICATE:all KEY:all PAIR:Go
					# a key, or a line of dashes, before the certificate
					key-first CERTIFICATE:JDK
					preamble-of-openssl CERTIFICATE:JDK
					# a certificate under `X509 CERTIFICATE`, `TRUSTED CERTIFICATE` or in lower case
					label-lower-case CERTIFICATE:JDK | There is no CERTIFICATE block
					label-lower-case KEY:BouncyCastle
					label-trusted CERTIFICATE:JDK,OpenSSL | There is no CERTIFICATE block
					label-x509 CERTIFICATE:JDK,BouncyCastle,OpenSSL | There is no CERTIFICATE block
					# a key under the label of another form
					label-any-key PAIR:Go | There must be exactly one private key, but there are 0
					pkcs1-under-pkcs8 CERTIFICATE:all PAIR:Go | The key cannot be read
					pkcs8-under-ec CERTIFICATE:all KEY:BouncyCastle,OpenSSL PAIR:Go | The key cannot be read
					pkcs8-under-rsa CERTIFICATE:all KEY:OpenSSL PAIR:Go | A PEM block cannot be read
					sec1-under-pkcs8 CERTIFICATE:all PAIR:Go | The key cannot be read
					# two certificates in one block
					two-in-one-block CERTIFICATE:JDK,BouncyCastle,Go KEY:BouncyCastle PAIR:Go
					# a certificate with something else after it in its block
					trailing-data CERTIFICATE:OpenSSL KEY:Go,OpenSSL | A certificate is followed by other data in its block
					# a byte order mark before the certificate
					byte-order-mark CERTIFICATE:OpenSSL | There is no CERTIFICATE block
					# a certificate without an issuer, or of version 1 with extensions
					no-issuer CERTIFICATE:Go,OpenSSL KEY:Go,OpenSSL PAIR:Go | A certificate cannot be read
					version-1-with-extensions CERTIFICATE:Go,OpenSSL KEY:Go,OpenSSL PAIR:Go | A certificate cannot be read
					# an extension twice, a version 4, two signature algorithms, or a compressed key
					extension-twice CERTIFICATE:OpenSSL KEY:Go,OpenSSL | A certificate cannot be read
					point-compressed CERTIFICATE:BouncyCastle,OpenSSL KEY:all | A certificate cannot be read
					signature-named-twice CERTIFICATE:BouncyCastle,OpenSSL KEY:all | A certificate cannot be read
					version-4 CERTIFICATE:OpenSSL KEY:Go,OpenSSL | A certificate cannot be read
					# a negative serial number, or a name, time or length that the standard does not allow
					length-not-shortest CERTIFICATE:Go PAIR:Go
					name-not-ascii CERTIFICATE:Go PAIR:Go
					name-of-five-octets CERTIFICATE:Go PAIR:Go
					serial-negative CERTIFICATE:Go PAIR:Go
					subject-not-utf-8 CERTIFICATE:Go,OpenSSL PAIR:Go
					subject-printable-with-star CERTIFICATE:Go PAIR:Go
					time-with-fraction CERTIFICATE:Go PAIR:Go
					time-without-seconds CERTIFICATE:OpenSSL
					uri-without-scheme CERTIFICATE:Go PAIR:Go
					# a certificate whose key is no point of its curve
					point-not-on-the-curve CERTIFICATE:Go
					# an RSA key whose exponent has more than 31 bits
					rsa-exponent-long KEY:Go PAIR:Go
					# a key alone whose numbers do not fit together
					ec-key-beyond-the-order KEY:Go
					ec-key-with-another-public-key KEY:OpenSSL
					rsa-key-with-other-primes KEY:Go
					rsa-key-without-primes KEY:Go
					# a key with something after it in its block
					trailing-data-of-ec-key KEY:BouncyCastle
					trailing-data-of-pkcs8-key %s
					trailing-data-of-rsa-key KEY:BouncyCastle,Go PAIR:Go
					"""
				.formatted((Runtime.version().feature() < 25) ? "KEY:BouncyCastle"
						: "CERTIFICATE:all KEY:Go,OpenSSL PAIR:Go | The key cannot be read"));

	private static final JsonObject BY_GO = JsonParser
		.parseString(ProjectFiles
			.read("cert-manager-autoconfigure/src/test/resources/io/kubelet/cert/certificate/client-go.json"))
		.getAsJsonObject();

	/** What Bouncy Castle and OpenSSL read alone. */
	private static final List<What> PARTS = List.of(What.CERTIFICATE, What.KEY);

	@ParameterizedTest
	@MethodSource("inputs")
	void inputIsReadAsByBouncyCastleOrRefusedForAReason(Path file) throws Exception {
		String text = text(file);
		for (What what : PARTS) {
			String theirs;
			try {
				theirs = what.byBouncyCastle(text);
			}
			catch (IOException | RuntimeException ex) {
				theirs = "";
			}
			require(what, file, theirs, "BouncyCastle");
		}
	}

	@ParameterizedTest
	@MethodSource("inputs")
	void inputIsReadAsByOpenSslOrRefusedForAReason(Path file) throws Exception {
		Assumptions.assumeThat(Path.of("/usr/bin/openssl")).exists();
		for (What what : PARTS) {
			require(what, file, what.byOpenSsl(file), "OpenSSL");
		}
	}

	/**
	 * As a kubelet reads its current pair, and client-go certificates and keys
	 * ({@code src/test/go}).
	 */
	@ParameterizedTest
	@MethodSource("inputs")
	void inputIsReadAsByClientGoOrRefusedForAReason(Path file) throws Exception {
		JsonObject recorded = BY_GO.getAsJsonObject(file.getFileName().toString());
		for (What what : What.values()) {
			JsonElement theirs = recorded.get(what.name().toLowerCase(Locale.ROOT));
			require(what, file, theirs.isJsonObject() ? "" : theirs.getAsString(), "Go");
		}
	}

	/** It reads no keys in PEM before JDK 25. */
	@ParameterizedTest
	@MethodSource("inputs")
	void certificateIsReadAsByTheJdkOrRefusedForAReason(Path file) throws Exception {
		// Newer versions look for the first block behind it
		Assumptions.assumeThat(file.getFileName().toString())
			.isNotIn("byte-order-mark", "indented", "text-before-begin-in-line");
		String theirs;
		try {
			theirs = What.fingerprint(CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)))
				.getEncoded());
		}
		catch (CertificateException ex) {
			theirs = "";
		}
		require(What.CERTIFICATE, file, theirs, "JDK");
	}

	@Test
	void everyDifferenceIsOfAnInputAndInTheReference() throws Exception {
		List<String> inputs = inputs().stream().map((file) -> file.getFileName().toString()).toList();
		String reference = ProjectFiles.read("docs/reference/compatibility.md");
		assertThat(BY_GO.keySet()).containsExactlyInAnyOrderElementsOf(inputs);
		assertThat(DIFFERENCES.keySet()).extracting((key) -> key.split(" ")[0]).isSubsetOf(inputs);
		assertThat(DIFFERENCES.values()).extracting(Difference::row)
			.allSatisfy((row) -> assertThat(reference).contains("| " + row + " |"));
	}

	private static void require(What what, Path file, String theirs, String other) throws IOException {
		Difference difference = DIFFERENCES.get(file.getFileName() + " " + what);
		String message = "";
		String ours = "";
		try {
			ours = what.ours.apply(text(file));
		}
		catch (MalformedPemException ex) {
			message = String.valueOf(ex.getMessage());
		}
		if (difference != null && (difference.others.contains(other) || difference.others.contains("all"))) {
			assertThat(ours.isEmpty()).as("%s of %s", what, file).isNotEqualTo(theirs.isEmpty());
			assertThat(message.isEmpty()).isEqualTo(difference.message.isEmpty());
			assertThat(message).contains(difference.message);
		}
		else {
			assertThat(ours).as("%s of %s: %s", what, file, message).isEqualTo(theirs);
		}
	}

	private static String text(Path file) throws IOException {
		return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
	}

	static List<Path> inputs() throws Exception {
		Path folder = Path.of(Objects.requireNonNull(Pem.class.getResource("PemFuzzInputs/text")).toURI());
		try (Stream<Path> files = Files.list(folder)) {
			return files.sorted().toList();
		}
	}

	private static Map<String, Difference> differences(String table) {
		Map<String, Difference> differences = new HashMap<>();
		String row = "";
		for (String line : table.lines().toList()) {
			if (line.startsWith("# ")) {
				row = line.substring("# ".length());
				continue;
			}
			String[] parts = line.split(" \\| ", 2);
			List<String> words = List.of(parts[0].split(" "));
			for (String word : words.subList(1, words.size())) {
				String[] what = word.split(":");
				Difference before = differences.put(words.get(0) + " " + what[0],
						new Difference(row, List.of(what[1].split(",")), (parts.length > 1) ? parts[1] : ""));
				assertThat(before).as(line).isNull();
			}
		}
		return differences;
	}

	private record Difference(String row, List<String> others, String message) {
	}

	/** What is read of an input, the first certificate or whether there is a key. */
	private enum What {

		CERTIFICATE((text) -> fingerprint(CertificateChain.encoded(Pem.readCertificates(text).get(0)))),

		KEY((text) -> {
			Pem.readPrivateKey(text);
			return "a key";
		}),

		PAIR((text) -> fingerprint(CertificateChain.encoded(Pem.readPair(text).leaf())));

		private final Function<String, String> ours;

		What(Function<String, String> ours) {
			this.ours = ours;
		}

		private String byBouncyCastle(String text) throws IOException {
			PEMParser parser = new PEMParser(new StringReader(text));
			for (Object read = parser.readObject(); read != null; read = parser.readObject()) {
				if (this == CERTIFICATE && read instanceof X509CertificateHolder certificate) {
					return fingerprint(certificate.getEncoded());
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
			return (this == KEY) ? "a key" : fingerprint(output);
		}

		private static String fingerprint(byte[] certificate) {
			try {
				return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate), 0, 8);
			}
			catch (NoSuchAlgorithmException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
