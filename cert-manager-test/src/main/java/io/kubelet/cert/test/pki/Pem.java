package io.kubelet.cert.test.pki;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;

/**
 * PEM, read as the API server reads it: a block that is damaged is no block.
 */
public final class Pem {

	private Pem() {
	}

	public static List<PemObject> read(String text) {
		List<PemObject> blocks = new ArrayList<>();
		try (PemReader reader = new PemReader(new StringReader(text))) {
			for (PemObject block = reader.readPemObject(); block != null; block = reader.readPemObject()) {
				blocks.add(block);
			}
		}
		catch (IOException | RuntimeException ex) {
			// Damaged
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

}
