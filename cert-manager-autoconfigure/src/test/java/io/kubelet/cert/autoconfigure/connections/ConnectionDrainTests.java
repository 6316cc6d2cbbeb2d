package io.kubelet.cert.autoconfigure.connections;

import java.util.concurrent.atomic.AtomicInteger;

import com.rabbitmq.client.ConnectionFactory;
import com.zaxxer.hikari.HikariConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What drains leave alone.
 */
class ConnectionDrainTests {

	private final DefaultListableBeanFactory beans = new DefaultListableBeanFactory();

	@Test
	void connectionsToRabbitWithTheBundleAreReset() throws Exception {
		AtomicInteger resets = new AtomicInteger();
		ConnectionFactory tls = new ConnectionFactory();
		tls.useSslProtocol();
		this.beans.registerSingleton("connections", new CachingConnectionFactory(tls) {

			@Override
			public void resetConnection() {
				resets.incrementAndGet();
			}

		});
		new RabbitDrain(this.beans, null).updated("shop");
		new RabbitDrain(this.beans, "other").updated("shop");
		assertThat(resets).hasValue(0);
		new RabbitDrain(this.beans, "shop").updated("shop");
		assertThat(resets).hasValue(1);
	}

	@ParameterizedTest
	@CsvSource({ "postgresql, shop", "otel:postgresql, shop", "aws-wrapper:postgresql, shop", "tc:postgresql,",
			"mysql,", "postgresql_fork," })
	void poolOfPostgresqlHasTheBundleAlsoWithAWrappedDriver(String driver, @Nullable String bundle) {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl("jdbc:" + driver + "://localhost/x");
		PostgresqlDriver.configure(config, "shop");
		assertThat(PostgresqlDriver.bundle(config)).isEqualTo(bundle);
	}

	@Test
	void poolThatHasAuthoritiesOfItsOwnKeepsThem() {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl("jdbc:postgresql://localhost:1/x?sslrootcert=/etc/managed-database.pem");
		PostgresqlDriver.configure(config, "shop");
		assertThat(PostgresqlDriver.bundle(config)).isNull();
	}

}
