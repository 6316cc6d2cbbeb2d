package io.kubelet.cert.kubernetes.internal;

import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * The credentials of a client: a client certificate, the value of the header
 * {@code Authorization}, or nothing.
 *
 * @param keys present the client certificate, {@code null} for none
 * @param authorization returns the value of the header for each request, {@code null} for
 * none
 */
record Credentials(KeyManager @Nullable [] keys, @Nullable Supplier<String> authorization) {

	static final Credentials NONE = new Credentials(null, null);

	static Credentials ofPair(CertificatePair pair) {
		return ofKeys(new KeyManager[] { new ClientKeys(pair) });
	}

	static Credentials ofKeys(KeyManager[] keys) {
		return new Credentials(keys, null);
	}

	static Credentials ofToken(Supplier<String> token) {
		return new Credentials(null, () -> "Bearer " + token.get());
	}

	static Credentials ofPassword(String name, String password) {
		String basic = okhttp3.Credentials.basic(name, password, StandardCharsets.UTF_8);
		return new Credentials(null, () -> basic);
	}

}
