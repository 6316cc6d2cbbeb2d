package io.kubelet.cert.autoconfigure.connections;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.BundleSocketFactory;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.spi.ConnectionFactoryOptions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mockito.MockMakers;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.r2dbc.autoconfigure.ConnectionFactoryOptionsBuilderCustomizer;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.atLeastOnce;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.withSettings;

/**
 * Tests for {@link CertificateDrainAutoConfiguration}.
 *
 * @see CertificateDrainAutoConfiguration
 * @see CertificatePostgresqlAutoConfiguration
 */
class CertificateDrainAutoConfigurationTests {

	private static final Properties USES_BUNDLE = new Properties();

	static {
		USES_BUNDLE.putAll(Map.of("sslfactory", BundleSocketFactory.class.getName(), "sslfactoryarg", "shop"));
	}

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.runner(this.directory, CertificateDrainAutoConfiguration.class)
			.withPropertyValues("kubelet.cert.pair-name=shop", "kubelet.cert.rotation.forced-interval=0s");
	}

	@Test
	void drainThatLosesNothingIsOnUnlessAPropertySwitchesItOff() {
		runner().run((context) -> assertThat(context).getBeanNames(CertificateManager.Follower.class)
			.containsExactlyInAnyOrder("grpcConnectionDrain", "hikariConnectionDrain"));
		runner().withPropertyValues("kubelet.cert.drain.grpc=false", "kubelet.cert.drain.hikari=false")
			.run((context) -> assertThat(context).doesNotHaveBean(CertificateManager.Follower.class));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void drainIsCalledForEachRotation(boolean lazy) {
		HikariPoolMXBean pool = pool();
		HikariDataSource source = source(pool);
		source.setDataSourceProperties(USES_BUNDLE);
		runner().withInitializer((context) -> {
			if (lazy) {
				context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor());
			}
		}).withBean(HikariDataSource.class, () -> source).run((context) -> {
			assertThat(context.getBean(HikariDataSource.class)).isSameAs(source);
			verify(pool, never()).softEvictConnections();
			context.getBean(CertificateManagers.class).get("shop").rotate().join();
			verify(pool, atLeastOnce()).softEvictConnections();
		});
	}

	/**
	 * The pool may have connected before the rotation, and follows from the end of the
	 * start.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void drainIsCalledForARotationDuringTheStart(boolean files) {
		HikariPoolMXBean pool = pool();
		HikariDataSource source = source(pool);
		Path tls = this.directory.resolve("tls");
		if (files) {
			source.setJdbcUrl("jdbc:mariadb://db/shop?serverSslCert=" + tls + "/ca.crt");
		}
		else {
			source.setDataSourceProperties(USES_BUNDLE);
		}
		ApplicationContextRunner runner = runner().withPropertyValues("kubelet.cert.export.directory=" + tls)
			.withBean(HikariDataSource.class, () -> source);
		runner.run((context) -> assertThat(context).hasNotFailed());
		verify(pool, never()).softEvictConnections();
		runner.withUserConfiguration(RotationDuringStart.class).run((context) -> assertThat(context).hasNotFailed());
		verify(pool, atLeastOnce()).softEvictConnections();
	}

	private static HikariPoolMXBean pool() {
		return mock(HikariPoolMXBean.class, withSettings().mockMaker(MockMakers.PROXY));
	}

	private static HikariDataSource source(HikariPoolMXBean pool) {
		return new HikariDataSource() {

			@Override
			public HikariPoolMXBean getHikariPoolMXBean() {
				return pool;
			}

		};
	}

	@Test
	void poolWhoseUrlNamesNoBundleIsReportedAtTheStart() {
		HikariDataSource source = new HikariDataSource();
		source.setJdbcUrl("jdbc:postgresql://db/shop?sslfactory=%s&sslfactoryarg=shpo"
			.formatted(BundleSocketFactory.class.getName()));
		runner().withConfiguration(AutoConfigurations.of(CertificatePostgresqlAutoConfiguration.class))
			.withBean(HikariDataSource.class, () -> source)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(NoSuchSslBundleException.class)
				.hasMessageContaining("shpo"));
	}

	/** As from {@code ${PG_BUNDLE:}}: like any blank value, it counts as not set. */
	@Test
	void blankBundleIsNone() {
		HikariDataSource source = new HikariDataSource();
		source.setJdbcUrl("jdbc:postgresql://db/shop");
		runner().withConfiguration(AutoConfigurations.of(CertificatePostgresqlAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.postgresql.bundle=")
			.withBean(HikariDataSource.class, () -> source)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(source.getDataSourceProperties()).isEmpty();
				ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.parse("r2dbc:postgresql://db/shop")
					.mutate();
				context.getBeanProvider(ConnectionFactoryOptionsBuilderCustomizer.class)
					.forEach((customizer) -> customizer.customize(options));
				assertThat(
						options.build().hasOption(PostgresqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER))
					.isFalse();
			});
	}

	@ParameterizedTest
	@CsvSource({ "postgresql://localhost, true, VERIFY_FULL", "postgres://localhost, true, VERIFY_FULL",
			"postgresql:failover://localhost, true, VERIFY_FULL", "pool:postgresql://localhost, true, VERIFY_FULL",
			"postgresql://localhost?sslmode=verify-ca, true,", "postgresql://localhost?sslRootCert=/ca.pem, false,",
			"tc:postgresql:///db?TC_IMAGE_TAG=16, false,", "pool:tc:postgresql:///db?TC_IMAGE_TAG=16, false,",
			"mariadb://localhost, false," })
	void reactivePostgresqlHasTheBundleUnlessItHasAuthoritiesOfItsOwn(String url, boolean expected,
			@Nullable SSLMode mode) {
		runner().withConfiguration(AutoConfigurations.of(CertificatePostgresqlAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.postgresql.bundle=shop")
			.run((context) -> {
				ConnectionFactoryOptions.Builder options = ConnectionFactoryOptions.parse("r2dbc:" + url).mutate();
				context.getBean(ConnectionFactoryOptionsBuilderCustomizer.class).customize(options);
				ConnectionFactoryOptions built = options.build();
				assertThat(built.hasOption(PostgresqlConnectionFactoryProvider.SSL_CONTEXT_BUILDER_CUSTOMIZER))
					.isEqualTo(expected);
				assertThat(built.getValue(PostgresqlConnectionFactoryProvider.SSL_MODE)).isEqualTo(mode);
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class RotationDuringStart {

		@Bean
		CertificatePair rotated(HikariDataSource source, SslBundles bundles, CertificateManagers managers) {
			return managers.get("shop").rotate().join();
		}

	}

}
