package io.kubelet.cert.ssl;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

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
	 * Static, since a library that creates this class by its name passes nothing else. Of
	 * several application contexts that are open, the last one has a name.
	 */
	private static final List<Registered> bundles = new CopyOnWriteArrayList<>();

	/**
	 * Creates a factory.
	 * @param bundleName the name of the SSL bundle of a certificate
	 * @throws IllegalArgumentException if there is no such bundle, or not yet
	 */
	public BundleSocketFactory(String bundleName) {
		super(context(bundleName)::getSocketFactory, (socket) -> {
		});
	}

	/**
	 * Returns a factory for the bundle of the first certificate.
	 * @return the factory
	 * @throws IllegalArgumentException if there is no bundle, or not yet
	 */
	public static SocketFactory getDefault() {
		Registered first = null;
		for (Registered bundle : bundles) {
			first = (first != null && first.registry == bundle.registry) ? first : bundle;
		}
		return new BundleSocketFactory((first != null) ? first.name() : "");
	}

	private static SSLContext context(String bundleName) {
		return bundles.stream()
			.filter((registered) -> registered.name().equals(bundleName))
			.reduce((earlier, later) -> later)
			.map((registered) -> registered.bundle.createSslContext(SslBundle.DEFAULT_PROTOCOL))
			.orElseThrow(() -> new IllegalArgumentException(
					"There is no SSL bundle '%s' of a certificate yet; there are %s: ".formatted(bundleName,
							bundles.stream().map(Registered::name).distinct().toList())
							+ "correct the name, or let the bean that connects depend on the bean 'sslBundleRegistry'"));
	}

	static void add(SslBundleRegistry registry, LiveSslBundle bundle) {
		bundles.add(new Registered(registry, bundle));
	}

	static void remove(LiveSslBundle bundle) {
		bundles.removeIf((registered) -> registered.bundle == bundle);
	}

	/**
	 * A bundle, and the registry of its application context.
	 */
	private record Registered(SslBundleRegistry registry, LiveSslBundle bundle) {

		String name() {
			return this.bundle.name();
		}

	}

}
