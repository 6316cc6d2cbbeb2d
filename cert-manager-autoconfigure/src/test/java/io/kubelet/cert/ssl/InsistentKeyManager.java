package io.kubelet.cert.ssl;

import java.net.Socket;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import org.jspecify.annotations.Nullable;

/**
 * Presents a pair whoever the peer trusts. One of the JDK would present none.
 */
public final class InsistentKeyManager extends X509ExtendedKeyManager {

	private final CertificatePair pair;

	private InsistentKeyManager(CertificatePair pair) {
		this.pair = pair;
	}

	/** A context of a client or server that presents a pair, or nothing. */
	public static SSLContext context(@Nullable CertificatePair pair, Trust trust, String protocol) {
		try {
			SSLContext context = SSLContext.getInstance(protocol);
			context.init((pair != null) ? new KeyManager[] { new InsistentKeyManager(pair) } : null,
					new TrustManager[] { new LiveTrustManager(() -> trust) }, null);
			return context;
		}
		catch (NoSuchAlgorithmException | KeyManagementException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
		return "pair";
	}

	@Override
	public String chooseEngineClientAlias(String[] keyTypes, Principal @Nullable [] issuers,
			@Nullable SSLEngine engine) {
		return "pair";
	}

	@Override
	public @Nullable String chooseServerAlias(String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
		return keyType.startsWith("EC") ? "pair" : null;
	}

	@Override
	public @Nullable String chooseEngineServerAlias(String keyType, Principal @Nullable [] issuers,
			@Nullable SSLEngine engine) {
		return keyType.startsWith("EC") ? "pair" : null;
	}

	@Override
	public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
		return new String[] { "pair" };
	}

	@Override
	public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
		return new String[] { "pair" };
	}

	@Override
	public X509Certificate[] getCertificateChain(String alias) {
		return this.pair.chain().toArray(X509Certificate[]::new);
	}

	@Override
	public PrivateKey getPrivateKey(String alias) {
		return this.pair.privateKey();
	}

}
