package io.kubelet.cert.ssl;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;

import org.jspecify.annotations.Nullable;

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
	 * a process has several application contexts, the last one takes precedence.
	 */
	private static final Map<String, Deque<SslBundle>> bundles = new LinkedHashMap<>();

	/**
	 * Creates a factory.
	 * @param bundleName the name of the SSL bundle of a certificate
	 * @throws IllegalArgumentException if there is no such bundle, or not yet
	 */
	public BundleSocketFactory(String bundleName) {
		this(bundleName, find(bundleName));
	}

	private BundleSocketFactory(String bundleName, @Nullable SslBundle bundle) {
		super(context(bundleName, bundle)::getSocketFactory);
	}

	/**
	 * Returns a factory for the bundle of the first certificate.
	 * @return the factory
	 * @throws IllegalArgumentException if there is no bundle, or not yet
	 */
	public static SocketFactory getDefault() {
		return new BundleSocketFactory(names().stream().findFirst().orElse(""));
	}

	private static SSLContext context(String bundleName, @Nullable SslBundle bundle) {
		if (bundle == null) {
			throw new IllegalArgumentException(
					"There is no SSL bundle '%s' of a certificate yet; there are %s: ".formatted(bundleName, names())
							+ "correct the name, or let the bean that connects depend on the bean 'sslBundleRegistry'");
		}
		return bundle.createSslContext();
	}

	private static List<String> names() {
		synchronized (bundles) {
			return List.copyOf(bundles.keySet());
		}
	}

	private static @Nullable SslBundle find(String bundleName) {
		synchronized (bundles) {
			return bundles.getOrDefault(bundleName, new ArrayDeque<>()).peek();
		}
	}

	static void add(String bundleName, SslBundle bundle) {
		synchronized (bundles) {
			bundles.computeIfAbsent(bundleName, (name) -> new ArrayDeque<>()).push(bundle);
		}
	}

	static void remove(String bundleName, SslBundle bundle) {
		synchronized (bundles) {
			bundles.computeIfPresent(bundleName, (name, others) -> {
				others.removeIf((other) -> other == bundle);
				return others.isEmpty() ? null : others;
			});
		}
	}

}
