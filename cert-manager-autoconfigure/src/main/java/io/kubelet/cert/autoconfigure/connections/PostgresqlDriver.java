package io.kubelet.cert.autoconfigure.connections;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.kubelet.cert.ssl.LiveSslBundle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;

/**
 * The parameters of PostgreSQL's JDBC driver, which are in the URL or in the properties
 * of a data source.
 */
final class PostgresqlDriver {

	/** There may be a driver in between, but not that of Testcontainers. */
	private static final String URL = "jdbc:(?!tc:)([\\w-]+:)?postgresql:.*";

	private static final String FACTORY = "sslfactory";

	private static final String ARGUMENT = "sslfactoryarg";

	private static final String MODE = "sslmode";

	/** Parameters with which a data source determines its trust or its pair by itself. */
	private static final List<String> OWN = List.of(FACTORY, "sslcert", "sslkey", "sslrootcert");

	private static final Logger logger = LoggerFactory.getLogger(PostgresqlDriver.class);

	private PostgresqlDriver() {
	}

	/**
	 * Lets the connections of a PostgreSQL data source present the pair of a bundle,
	 * unless it names a socket factory, keys or authorities of its own. The server's name
	 * is verified, unless the data source says otherwise: by the driver, or by the bundle
	 * if that accepts only certain servers.
	 * @param source the data source
	 * @param bundleName the name of the bundle
	 * @param bundle returns the bundle
	 */
	static void configure(HikariConfig source, String bundleName, Supplier<SslBundle> bundle) {
		if (String.valueOf(source.getJdbcUrl()).matches(URL)
				&& OWN.stream().allMatch((name) -> parameter(source, name) == null)) {
			if (source instanceof HikariDataSource pool && pool.isRunning()) {
				logger.warn(
						"The connections of the pool {} do not present the certificate of the SSL bundle '{}', because "
								+ "it was started before its properties could be set: add '?{}={}&{}={}' to its URL",
						source.getPoolName(), bundleName, FACTORY, BundleSocketFactory.class.getName(), ARGUMENT,
						bundleName);
				return;
			}
			source.addDataSourceProperty(FACTORY, BundleSocketFactory.class.getName());
			source.addDataSourceProperty(ARGUMENT, bundleName);
			if (parameter(source, MODE) == null) {
				source.addDataSourceProperty(MODE,
						LiveSslBundle.verifiesServers(bundle.get()) ? "verify-ca" : "verify-full");
			}
		}
	}

	/**
	 * Returns the bundle that a data source names.
	 * @param source the data source
	 * @return the name of the bundle, {@code null} if there is none
	 */
	static @Nullable String bundle(HikariConfig source) {
		return BundleSocketFactory.class.getName().equals(parameter(source, FACTORY)) ? parameter(source, ARGUMENT)
				: null;
	}

	private static @Nullable String parameter(HikariConfig source, String name) {
		Matcher matcher = Pattern.compile("[?&]" + name + "=([^&]*)").matcher(String.valueOf(source.getJdbcUrl()));
		return matcher.find() ? URLDecoder.decode(matcher.group(1), StandardCharsets.UTF_8)
				: source.getDataSourceProperties().getProperty(name);
	}

}
