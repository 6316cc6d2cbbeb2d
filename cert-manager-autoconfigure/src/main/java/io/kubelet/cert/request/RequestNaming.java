package io.kubelet.cert.request;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import org.jspecify.annotations.Nullable;

/**
 * Names the objects of certificate signing requests. The name is derived from the key, so
 * a creation that is repeated, because its response was lost or the process was
 * restarted, finds the object that it created before.
 */
@FunctionalInterface
public interface RequestNaming {

	/**
	 * By the key alone, as the kubelet does: {@code csr-} and 20 hexadecimal digits.
	 */
	RequestNaming BY_KEY = (key, template, usages) -> "csr-" + digits(key);

	/**
	 * The longest name of a certificate that becomes part of the names of its requests.
	 */
	int LONGEST_NAME = 200;

	/**
	 * As the kubelet names its bootstrap request: {@code node-csr-} and a digest of key,
	 * common name, organizations and usages.
	 */
	RequestNaming BOOTSTRAP = (key, template, usages) -> {
		StringBuilder text = new StringBuilder();
		append(text, key.getEncoded());
		append(text, bytes(template.commonName()));
		template.organizations().forEach((organization) -> append(text, bytes(organization)));
		usages.forEach((usage) -> append(text, bytes(usage.value())));
		return "node-csr-" + base64(digest("SHA-512/256", bytes(text.toString())));
	};

	/**
	 * By the certificate and the key: the name of the certificate and 20 hexadecimal
	 * digits. EKS takes every request whose name begins with {@code csr-} for one of a
	 * kubelet and never signs it, so none of these names begins with that.
	 * @param certificate the name of the certificate
	 * @return the naming
	 */
	static RequestNaming after(String certificate) {
		String readable = certificate.toLowerCase(Locale.ROOT)
			.replaceAll("[^a-z0-9]+", "-")
			.replaceAll("^-|-$", "")
			.replaceFirst("^(csr)?$|^csr-", "certificate-$1-");
		String prefix = readable.substring(0, Math.min(readable.length(), LONGEST_NAME)).replaceAll("-+$", "") + "-";
		return (key, template, usages) -> prefix + digits(key);
	}

	/**
	 * Returns the name of a request.
	 * @param key the public key
	 * @param template the template
	 * @param usages the usages
	 * @return the name
	 */
	String name(PublicKey key, CertificateTemplate template, List<Usage> usages);

	private static String digits(PublicKey key) {
		return HexFormat.of().formatHex(digest("SHA-256", key.getEncoded())).substring(0, 20);
	}

	private static void append(StringBuilder text, byte[] part) {
		text.append(base64(part)).append('|');
	}

	private static byte[] bytes(@Nullable String text) {
		return (text != null) ? text.getBytes(StandardCharsets.UTF_8) : new byte[0];
	}

	private static String base64(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

	private static byte[] digest(String algorithm, byte[] bytes) {
		try {
			return MessageDigest.getInstance(algorithm).digest(bytes);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
