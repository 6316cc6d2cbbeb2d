package io.kubelet.cert.kubernetes.internal;

import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of a client: a client certificate, the value of the header
 * {@code Authorization}, or nothing.
 *
 * @param keys present the client certificate, {@code null} for none
 * @param authorization returns the value of the header for each request, {@code null} for
 * none
 * @param expiresAt when they are of no use any more, {@code null} if that is not known
 */
record Credentials(KeyManager @Nullable [] keys, @Nullable Supplier<String> authorization,
		@Nullable Instant expiresAt) {

	private static final Pattern TOKEN = Pattern.compile("[!-~]+");

	static final Credentials NONE = new Credentials(null, null, null);

	static Credentials ofPair(CertificatePair pair) {
		try {
			KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
			factory.init(KeyStores.holding(pair, "client", "client"), "client".toCharArray());
			return new Credentials(factory.getKeyManagers(), null, null);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK cannot present a client certificate", ex);
		}
	}

	static Credentials ofToken(Supplier<String> token) {
		return new Credentials(null, () -> "Bearer " + token.get(), null);
	}

	Credentials expiringAt(@Nullable Instant time) {
		return new Credentials(this.keys, this.authorization, time);
	}

	/**
	 * Checks that a token is one that a header can carry.
	 * @param token the token
	 * @param owner what has it, as the subject of a sentence
	 * @return the token
	 */
	static String checked(String token, Object owner) {
		if (TOKEN.matcher(token).matches()) {
			return token;
		}
		throw new KubernetesConfigurationException(owner
				+ " has no token, or one that cannot be sent: set it to one line of ASCII characters without blanks");
	}

}
