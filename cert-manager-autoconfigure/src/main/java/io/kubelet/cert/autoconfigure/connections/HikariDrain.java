package io.kubelet.cert.autoconfigure.connections;

import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.kubelet.cert.rotation.CertificateManager;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Closes the connections in HikariCP's pools that use a bundle: idle ones at once, others
 * when they are returned to the pool. It does so again a little later, for connections
 * whose handshake had begun before the change.
 *
 * @param beans the beans
 */
record HikariDrain(ConfigurableListableBeanFactory beans) implements CertificateManager.Follower {

	/**
	 * A connection that was being made may present the old pair and join the pool later:
	 * usually within a second, on a busy machine within ten.
	 */
	private static final List<Integer> AGAIN = List.of(1, 10);

	@Override
	public void updated(String bundleName) {
		AGAIN.forEach((seconds) -> CompletableFuture.delayedExecutor(seconds, TimeUnit.SECONDS)
			.execute(() -> evict(bundleName)));
		evict(bundleName);
	}

	private void evict(String bundleName) {
		ExistingBeans.of(DataSource.class, this.beans)
			.flatMap(HikariDrain::pool)
			.filter((pool) -> bundleName.equals(PostgresqlDriver.bundle(pool)))
			.forEach(HikariDrain::evict);
	}

	private static Stream<HikariDataSource> pool(DataSource source) {
		try {
			return source.isWrapperFor(HikariDataSource.class) ? Stream.of(source.unwrap(HikariDataSource.class))
					: Stream.empty();
		}
		catch (SQLException | RuntimeException ex) {
			// Such as one that routes to a pool by a value of the caller's thread
			return Stream.empty();
		}
	}

	private static void evict(HikariDataSource source) {
		HikariPoolMXBean pool = source.getHikariPoolMXBean();
		if (pool != null) {
			pool.softEvictConnections();
		}
	}

}
