package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.SelfSignedPair;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;

/**
 * The SSL bundle of one certificate. Its managers follow the rotation by themselves; its
 * stores are those of one moment, for servers that copy them, and are made anew by
 * {@link #handOver(Consumer)}.
 */
final class LiveSslBundle {

	private final String alias;

	private final Supplier<@Nullable CertificatePair> current;

	private final Supplier<List<X509Certificate>> authorities;

	private final LiveManagers managers;

	private volatile @Nullable Stores latest;

	/**
	 * The certificate's name is the alias in the key store: in lower case, as the store
	 * writes it, since Jetty finds no other.
	 */
	LiveSslBundle(String name, Supplier<@Nullable CertificatePair> current, Supplier<List<X509Certificate>> authorities,
			Drain drain) {
		this.alias = name.toLowerCase(Locale.ENGLISH);
		this.current = current;
		this.authorities = authorities;
		this.managers = new LiveManagers(current, authorities, drain);
	}

	LiveManagers managers() {
		return this.managers;
	}

	/**
	 * Hand over a bundle with stores of this moment; their password is new each time. If
	 * the recipient fails, the stores of before are still those that are in use.
	 */
	void handOver(Consumer<SslBundle> recipient) {
		String password = KeyStores.randomPassword();
		Stores stores = new Stores(password);
		recipient.accept(SslBundle.of(stores, SslBundleKey.of(password, this.alias), SslOptions.NONE,
				SslBundle.DEFAULT_PROTOCOL, this.managers));
		this.latest = stores;
	}

	/**
	 * Whether somebody may have a copy of the latest trust store that is not right now.
	 */
	boolean hasOutdatedTrust() {
		Stores latest = this.latest;
		List<X509Certificate> copied = (latest != null) ? latest.copied : null;
		return copied != null && !copied.equals(this.authorities.get());
	}

	/**
	 * What servers that copy the store need in order to start, and whom nobody trusts.
	 */
	private CertificatePair placeholder() {
		return SelfSignedPair.create(this.alias + " has no certificate yet");
	}

	/**
	 * The trust store is made when it is asked for: finding the authorities may take
	 * reading the configuration of the API client.
	 */
	private final class Stores implements SslStoreBundle {

		private final String password;

		private final KeyStore keyStore;

		/** Of the first copy: a server has it, whoever has looked since. */
		private volatile @Nullable List<X509Certificate> copied;

		Stores(String password) {
			this.password = password;
			CertificatePair pair = LiveSslBundle.this.current.get();
			this.keyStore = KeyStores.holding((pair != null) ? pair : placeholder(), LiveSslBundle.this.alias,
					password);
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
			List<X509Certificate> authorities = LiveSslBundle.this.authorities.get();
			if (this.copied == null) {
				this.copied = authorities;
			}
			return authorities.isEmpty() ? null : KeyStores.trusting(authorities);
		}

		@Override
		public String toString() {
			return "Stores of certificate " + LiveSslBundle.this.alias;
		}

	}

}
