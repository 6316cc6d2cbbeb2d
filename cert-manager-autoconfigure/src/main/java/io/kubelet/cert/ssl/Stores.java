package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeyStores;
import io.kubelet.cert.certificate.Trust;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslStoreBundle;

/**
 * The stores of one moment, for servers that copy them. The trust store is created when
 * it is asked for: to find the authorities, the configuration of the API client may have
 * to be read.
 */
final class Stores implements SslStoreBundle {

	private static final SecureRandom random = new SecureRandom();

	private final String alias;

	private final String password;

	private final KeyStore keyStore;

	private final Supplier<Trust> trust;

	/**
	 * What the first caller copied, which may be a server. Later callers, such as the
	 * health endpoint, do not change that.
	 */
	private volatile @Nullable Trust copied;

	Stores(String alias, @Nullable CertificatePair pair, Supplier<Trust> trust) {
		byte[] password = new byte[16];
		random.nextBytes(password);
		this.alias = alias;
		this.password = HexFormat.of().formatHex(password);
		this.keyStore = (pair != null) ? KeyStores.holding(pair, alias, this.password)
				: KeyStores.refusing(alias, this.password);
		this.trust = trust;
	}

	@Override
	public KeyStore getKeyStore() {
		return this.keyStore;
	}

	@Override
	public String getKeyStorePassword() {
		return this.password;
	}

	@Override
	public synchronized @Nullable KeyStore getTrustStore() {
		Trust trust = this.trust.get();
		if (this.copied == null) {
			this.copied = trust;
		}
		return trust.store();
	}

	/** Whether somebody may have a copy of a trust store other than this. */
	boolean isOutdated(Trust trust) {
		return this.copied != null && !trust.equals(this.copied);
	}

	@Override
	public String toString() {
		return "Stores of certificate " + this.alias;
	}

}
