package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What reading PEM promises for any text: a value that can be written and is read back as
 * the same, or a {@link MalformedPemException} that quotes no key; nothing else, and at
 * little cost.
 */
final class PemReading {

	private static final List<String> TYPES = List.of("CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
			"CERTIFICATE REQUEST", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY", "PKCS7", "EC PARAMETERS", "DSA PRIVATE KEY",
			"TRUSTED CERTIFICATE", "X509 CRL", "ATTRIBUTE CERTIFICATE", "RSA PUBLIC KEY");

	private static final String HEADERS = "Name: csr-1\nSigner-Name: example.com/signer\nUsages: client auth\n\n";

	private static final String KEY = """
			-----BEGIN PRIVATE KEY-----
			MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
			-----END PRIVATE KEY-----
			""";

	/** The keys in the texts that fuzzing begins with. */
	private static final Set<String> SECRETS = FuzzedInput.piecesOf(keys().toArray(String[]::new));

	private static final Path FILE = file();

	private PemReading() {
	}

	/** Reads a text in every way that its blocks allow. */
	static void keepsItsPromise(String text) {
		attempt(Pem::readPair, text, PemReading::isPair);
		if (text.contains("CERTIFICATE-----")) {
			attempt((certificates) -> Pem.readPair(certificates, text), text, PemReading::isPair);
			attempt(Pem::readCertificates, text, (certificates) -> {
				assertThat(Pem.readCertificates(Pem.write(certificates))).isEqualTo(certificates);
				assertThat(authorities(text)).isEqualTo(certificates.stream().distinct().toList());
			});
		}
		if (text.contains("REQUEST-----")) {
			attempt(PendingRequest::ofPem, text,
					(request) -> assertThat(PendingRequest.ofPem(request.toPem())).isEqualTo(request));
		}
	}

	/** Read a block; its first byte tells the type. */
	static void keepsItsPromise(byte[] block) {
		if (block.length == 0) {
			return;
		}
		String type = TYPES.get(Byte.toUnsignedInt(block[0]) % TYPES.size());
		String content = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
			.encodeToString(Arrays.copyOfRange(block, 1, block.length));
		boolean request = type.equals("CERTIFICATE REQUEST");
		keepsItsPromise("-----BEGIN %s-----\n%s%s\n-----END %s-----\n%s".formatted(type, request ? HEADERS : "",
				content, type, request ? KEY : ""));
	}

	/** It is read back as the same, and what the key signs, the leaf verifies. */
	static void isPair(CertificatePair pair) {
		CertificatePair again = Pem.readPair(Pem.write(pair));
		assertThat(again).isEqualTo(pair);
		assertThat(again.privateKey()).isEqualTo(pair.privateKey());
		String algorithm = pair.privateKey().getAlgorithm();
		try {
			Signature signature = Signature.getInstance(switch (algorithm) {
				case "EC" -> "SHA256withECDSA";
				case "RSA" -> "SHA256withRSA";
				default -> algorithm;
			});
			signature.initSign(pair.privateKey());
			signature.update(HEADERS.getBytes(StandardCharsets.US_ASCII));
			byte[] signed = signature.sign();
			signature.initVerify(pair.leaf().getPublicKey());
			signature.update(HEADERS.getBytes(StandardCharsets.US_ASCII));
			assertThat(signature.verify(signed)).as("%s signs for %s", algorithm, pair).isTrue();
		}
		catch (GeneralSecurityException ex) {
			throw new AssertionError(ex);
		}
	}

	/** Reads a file with authorities. */
	private static List<X509Certificate> authorities(String text) {
		try {
			Files.writeString(FILE, text);
			return TrustSource.file(FILE).trust().get().authorities();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static <T> void attempt(Function<String, T> reader, String text, Consumer<T> check) {
		AtomicReference<T> read = new AtomicReference<>();
		try {
			FuzzedInput.requireCheap(() -> read.set(reader.apply(text)));
		}
		catch (MalformedPemException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
			FuzzedInput.requireNoSecret(String.valueOf(ex.getMessage()), SECRETS);
			return;
		}
		check.accept(read.get());
	}

	private static List<String> keys() {
		Pattern key = Pattern.compile("PRIVATE KEY-----\\s+([A-Za-z0-9+/=\\s]+)\n-----END");
		try (Stream<Path> texts = Files
			.list(Path.of(Objects.requireNonNull(Pem.class.getResource("PemFuzzInputs/text")).toURI()))) {
			return texts.map(PemReading::read)
				.flatMap((text) -> key.matcher(text).results())
				.map((found) -> found.group(1))
				.toList();
		}
		catch (IOException | URISyntaxException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String read(Path file) {
		try {
			return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Path file() {
		try {
			Path file = Files.createTempFile("authorities", ".pem");
			file.toFile().deleteOnExit();
			return file;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
