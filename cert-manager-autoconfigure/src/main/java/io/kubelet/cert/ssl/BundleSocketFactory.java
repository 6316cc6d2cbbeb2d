package io.kubelet.cert.ssl;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;

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
	 * By name. Static, since a library that creates this class by its name passes nothing
	 * else. Of several application contexts, the last one has a name.
	 */
	private static final Map<String, LiveSslBundle> bundles = new ConcurrentHashMap<>();

	/** That of the last application context. */
	private static @Nullable SslBundleRegistry registry;

	private static volatile String first = "";

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
		return new BundleSocketFactory(first);
	}

	private static SSLContext context(String bundleName) {
		LiveSslBundle bundle = bundles.get(bundleName);
		if (bundle == null) {
			throw new IllegalArgumentException("There is no SSL bundle '%s' of a certificate yet; there are %s: "
				.formatted(bundleName, bundles.keySet())
					+ "correct the name, or let the bean that connects depend on the bean 'sslBundleRegistry'");
		}
		return bundle.createSslContext(SslBundle.DEFAULT_PROTOCOL);
	}

	static synchronized void add(SslBundleRegistry registry, LiveSslBundle bundle) {
		bundles.put(bundle.name(), bundle);
		if (BundleSocketFactory.registry != registry) {
			BundleSocketFactory.registry = registry;
			first = bundle.name();
		}
	}

}
