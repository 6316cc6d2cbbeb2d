package io.kubelet.cert.ssl;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

import org.springframework.boot.ssl.SslBundle;

/**
 * A socket factory for libraries that take the name of a class. Its connections present
 * the pair of a certificate that is current when they are made.
 * <p>
 * For PostgreSQL, the JDBC URL names the bundle:
 * {@code sslfactory=io.kubelet.cert.ssl.BundleSocketFactory&sslfactoryarg=<bundle>}. LDAP
 * by JNDI ({@code java.naming.ldap.factory.socket}) takes no argument, and gets the
 * bundle of the first certificate.
 */
public final class BundleSocketFactory extends LiveSocketFactory {

	/**
	 * Static, since a library that creates this class by its name passes nothing else. If
	 * several application contexts have a bundle of one name, that of the last one is
	 * used.
	 */
	private static final List<LiveSslBundle> bundles = new CopyOnWriteArrayList<>();

	/**
	 * Creates a factory.
	 * @param bundleName the name of the SSL bundle of a certificate
	 * @throws IllegalArgumentException if there is no such bundle, or not yet
	 */
	public BundleSocketFactory(String bundleName) {
		super(context(bundleName)::getSocketFactory);
	}

	/**
	 * Returns a factory for the bundle of the first certificate.
	 * @return the factory
	 * @throws IllegalArgumentException if there is no bundle, or not yet
	 */
	public static SocketFactory getDefault() {
		return new BundleSocketFactory(bundles.stream().map(LiveSslBundle::name).findFirst().orElse(""));
	}

	private static SSLContext context(String bundleName) {
		return bundles.stream()
			.filter((bundle) -> bundle.name().equals(bundleName))
			.reduce((earlier, later) -> later)
			.orElseThrow(() -> new IllegalArgumentException(
					"There is no SSL bundle '%s' of a certificate yet; there are %s: ".formatted(bundleName,
							bundles.stream().map(LiveSslBundle::name).distinct().toList())
							+ "correct the name, or let the bean that connects depend on the bean 'sslBundleRegistry'"))
			.createSslContext(SslBundle.DEFAULT_PROTOCOL);
	}

	static void add(LiveSslBundle bundle) {
		bundles.add(bundle);
	}

	static void remove(LiveSslBundle bundle) {
		bundles.remove(bundle);
	}

}
