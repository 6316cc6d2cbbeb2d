package io.kubelet.cert.autoconfigure.connections;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PostgresqlDriver}.
 *
 * @see PostgresqlDriver
 */
@ExtendWith(OutputCaptureExtension.class)
class PostgresqlDriverTests {

	private static final SslBundle SHOP = SslBundle.of(SslStoreBundle.NONE);

	@ParameterizedTest
	@CsvSource({ "postgresql, shop", "otel:postgresql, shop", "aws-wrapper:postgresql, shop", "tc:postgresql,",
			"mysql,", "postgresql_fork," })
	void poolOfPostgresqlHasTheBundleAlsoWithAWrappedDriver(String driver, @Nullable String bundle) {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl("jdbc:" + driver + "://localhost/x");
		PostgresqlDriver.configure(config, "shop", () -> SHOP);
		assertThat(PostgresqlDriver.bundle(config)).isEqualTo(bundle);
	}

	@Test
	void poolThatRunsAlreadyOrHasAuthoritiesOfItsOwnKeepsThem(CapturedOutput output) {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl("jdbc:postgresql://localhost:1/x");
		config.setInitializationFailTimeout(-1);
		config.setPoolName("reports");
		try (HikariDataSource pool = new HikariDataSource(config)) {
			PostgresqlDriver.configure(pool, "shop", () -> SHOP);
			assertThat(PostgresqlDriver.bundle(pool)).isNull();
		}
		assertThat(output).contains(
				"The connections of the pool reports do not present the certificate of the SSL bundle 'shop'",
				"sslfactoryarg=shop");
		config.setJdbcUrl("jdbc:postgresql://localhost:1/x?sslrootcert=/etc/managed-database.pem");
		PostgresqlDriver.configure(config, "shop", () -> SHOP);
		assertThat(PostgresqlDriver.bundle(config)).isNull();
	}

}
