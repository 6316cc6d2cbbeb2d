package io.kubelet.cert.certificate;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What reading PEM promises for any text: a value that can be written and is read back as
 * the same, or a {@link MalformedPemException}; nothing else.
 */
final class PemReading {

	private static final List<String> TYPES = List.of("CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
			"CERTIFICATE REQUEST", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY", "PKCS7", "EC PARAMETERS", "DSA PRIVATE KEY",
			"TRUSTED CERTIFICATE", "X509 CRL", "ATTRIBUTE CERTIFICATE", "RSA PUBLIC KEY");

	private static final int BASE64_LINE = 64;

	private static final String HEADERS = "Name: csr-1\nSigner-Name: example.com/signer\nUsages: client auth\n\n";

	private static final String KEY = """
			-----BEGIN PRIVATE KEY-----
			MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
			-----END PRIVATE KEY-----
			""";

	private PemReading() {
	}

	/** Reads a text in every way that its blocks allow. */
	static void keepsItsPromise(String text) {
		attempt(Pem::readPair, text, PemReading::survivesWriting);
		if (text.contains("CERTIFICATE-----")) {
			attempt((certificates) -> Pem.readPair(certificates, text), text, PemReading::survivesWriting);
			attempt(Pem::readCertificates, text,
					(certificates) -> assertThat(Pem.readCertificates(Pem.write(certificates)))
						.isEqualTo(certificates));
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

	private static void survivesWriting(CertificatePair pair) {
		assertThat(Pem.readPair(Pem.write(pair))).isEqualTo(pair);
	}

	private static <T> void attempt(Function<String, T> reader, String text, Consumer<T> check) {
		T read;
		try {
			read = reader.apply(text);
		}
		catch (MalformedPemException ex) {
			String message = String.valueOf(ex.getMessage());
			if (text.lines().anyMatch((line) -> line.length() == BASE64_LINE && message.contains(line))) {
				throw new AssertionError("The message quotes the text: " + message);
			}
			return;
		}
		check.accept(read);
	}

}
