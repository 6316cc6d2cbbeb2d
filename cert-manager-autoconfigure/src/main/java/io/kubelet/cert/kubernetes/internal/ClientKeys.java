package io.kubelet.cert.kubernetes.internal;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;

import javax.net.ssl.X509KeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * Presents one pair as a client certificate, whichever authorities the server names, so
 * that a server that does not know the issuer reports it. A key store would encrypt the
 * key first, which takes longer than the rest of a connection.
 *
 * @param pair the pair
 */
record ClientKeys(CertificatePair pair) implements X509KeyManager {

	private static final String ALIAS = "current";

	@Override
	public @Nullable String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers,
			@Nullable Socket socket) {
		String algorithm = this.pair.leaf().getPublicKey().getAlgorithm();
		return Arrays.asList(keyTypes).contains(algorithm) ? ALIAS : null;
	}

	@Override
	public X509Certificate[] getCertificateChain(@Nullable String alias) {
		return this.pair.chain().toArray(X509Certificate[]::new);
	}

	@Override
	public PrivateKey getPrivateKey(@Nullable String alias) {
		return this.pair.privateKey();
	}

	@Override
	public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
		return new String[] { ALIAS };
	}

	@Override
	public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
		return null;
	}

	@Override
	public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
		return null;
	}

}
