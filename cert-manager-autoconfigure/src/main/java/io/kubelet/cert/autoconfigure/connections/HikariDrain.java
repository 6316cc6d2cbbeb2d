package io.kubelet.cert.autoconfigure.connections;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfigMXBean;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.kubelet.cert.rotation.CertificateManager;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.jdbc.DataSourceUnwrapper;

/**
 * Closes the connections in HikariCP's pools that use a bundle: idle ones at once, others
 * when they are returned to the pool. It does so again a little later, for connections
 * whose handshake had begun before the change.
 *
 * @param beans the beans
 */
record HikariDrain(ConfigurableListableBeanFactory beans) implements CertificateManager.Follower {

	/**
	 * A connection that was being made may present the old pair and join the pool later.
	 */
	private static final int AGAIN_SECONDS = 10;

	@Override
	public void updated(String bundleName) {
		evict(bundleName);
		CompletableFuture.delayedExecutor(AGAIN_SECONDS, TimeUnit.SECONDS).execute(() -> evict(bundleName));
	}

	private void evict(String bundleName) {
		ExistingBeans.of(DataSource.class, this.beans)
			.flatMap((source) -> Stream
				.ofNullable(DataSourceUnwrapper.unwrap(source, HikariConfigMXBean.class, HikariDataSource.class)))
			.filter((source) -> bundleName.equals(PostgresqlDriver.bundle(source)))
			.flatMap((source) -> Stream.ofNullable(source.getHikariPoolMXBean()))
			.forEach(HikariPoolMXBean::softEvictConnections);
	}

}
