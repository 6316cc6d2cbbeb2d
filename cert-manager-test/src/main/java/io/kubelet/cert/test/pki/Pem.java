package io.kubelet.cert.test.pki;

import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * PEM, read as the API server reads it: a block that is damaged is no block.
 */
public final class Pem {

	/** Headers are lines with a colon. */
	private static final Pattern BLOCK = Pattern
		.compile("-----BEGIN ([^-\\r\\n]+)-----\\r?\\n((?:[^:\\n]*:[^\\n]*\\n)*)"
				+ "([A-Za-z0-9+/=\\s]*?)-----END \\1-----");

	private Pem() {
	}

	public static List<Block> read(String text) {
		List<Block> blocks = new ArrayList<>();
		Matcher matcher = BLOCK.matcher(text);
		while (matcher.find()) {
			String base64 = matcher.group(3).replaceAll("\\s", "");
			if (base64.length() % 4 == 0) {
				blocks
					.add(new Block(matcher.group(1), !matcher.group(2).isEmpty(), Base64.getDecoder().decode(base64)));
			}
		}
		return blocks;
	}

	public static String write(String type, byte[] content) {
		String base64 = Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(content);
		return "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n";
	}

	public static String write(List<X509Certificate> chain) {
		StringBuilder pem = new StringBuilder();
		for (X509Certificate certificate : chain) {
			try {
				pem.append(write("CERTIFICATE", certificate.getEncoded()));
			}
			catch (CertificateEncodingException ex) {
				throw new IllegalStateException(ex);
			}
		}
		return pem.toString();
	}

	/** Text that an API object holds as bytes. */
	public static String decode(String base64) {
		return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
	}

	/** Text as an API object holds bytes. */
	public static String encode(String text) {
		return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
	}

	public record Block(String type, boolean hasHeaders, byte[] content) {

	}

}
