package io.kubelet.cert.autoconfigure.connections;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Auto-configuration of connections to PostgreSQL, for which Spring Boot has no property
 * that names an SSL bundle.
 */
@AutoConfiguration(after = CertificateSslAutoConfiguration.class)
@ConditionalOnBean(CertificateManagers.class)
public final class CertificatePostgresqlAutoConfiguration {

	private static final String BUNDLE = "kubelet.cert.postgresql.bundle";

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(HikariDataSource.class)
	static class Jdbc {

		/** The bundle must exist before the pool connects. */
		@Bean
		static BeanPostProcessor certificateDataSources(Environment environment, ObjectProvider<SslBundles> bundles) {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessBeforeInitialization(Object bean, String beanName) {
					if (bean instanceof HikariConfig source) {
						String bundleName = environment.getProperty(BUNDLE);
						if (StringUtils.hasText(bundleName)) {
							PostgresqlDriver.configure(source, bundleName,
									() -> bundles.getObject().getBundle(bundleName));
						}
						String used = PostgresqlDriver.bundle(source);
						if (used != null) {
							bundles.getObject().getBundle(used);
						}
					}
					return bean;
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ ConnectionFactoryOptionsBuilderCustomizer.class, PostgresqlConnectionFactoryProvider.class })
	@ConditionalOnProperty(BUNDLE)
	static class R2dbc {

		/** Each of these gives connections a pair or authorities of their own. */
		private static final List<Option<?>> OWN = List.of(PostgresqlConnectionFactoryProvider.SSL_CERT,
				PostgresqlConnectionFactoryProvider.SSL_KEY, PostgresqlConnectionFactoryProvider.SSL_ROOT_CERT,
				PostgresqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER);

		@Bean
		ConnectionFactoryOptionsBuilderCustomizer certificatePostgresqlOptions(SslBundles bundles,
				Environment environment) {
			String bundleName = environment.getRequiredProperty(BUNDLE);
			if (bundleName.isBlank()) {
				return (options) -> {
				};
			}
			SslBundle bundle = bundles.getBundle(bundleName);
			SslManagerBundle managers = bundle.getManagers();
			SSLMode mode = LiveSslBundle.verifiesServers(bundle) ? SSLMode.VERIFY_CA : SSLMode.VERIFY_FULL;
			return (options) -> {
				ConnectionFactoryOptions given = options.build();
				if (isPostgresql(given) && OWN.stream().noneMatch(given::hasOption)) {
					options.option(PostgresqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER,
							(context) -> context.keyManager(managers.getKeyManagerFactory())
								.trustManager(managers.getTrustManagerFactory()));
					if (!given.hasOption(PostgresqlConnectionFactoryProvider.SSL_MODE)
							&& !given.hasOption(PostgresqlConnectionFactoryProvider.SSL_MODE_ALIAS)) {
						options.option(PostgresqlConnectionFactoryProvider.SSL_MODE, mode);
					}
				}
			};
		}

		/**
		 * The driver has two names, and may be that of a pool, but not of Testcontainers.
		 */
		private static boolean isPostgresql(ConnectionFactoryOptions options) {
			List<String> names = Stream.of(ConnectionFactoryOptions.DRIVER, ConnectionFactoryOptions.PROTOCOL)
				.map(options::getValue)
				.filter(Objects::nonNull)
				.flatMap((name) -> Stream.of(name.toString().split(":")))
				.toList();
			return !names.contains("tc") && (names.contains("postgresql") || names.contains("postgres"));
		}

	}

}
