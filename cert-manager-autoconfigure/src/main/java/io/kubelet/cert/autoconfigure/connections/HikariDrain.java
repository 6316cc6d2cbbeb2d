package io.kubelet.cert.autoconfigure.connections;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfigMXBean;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.kubelet.cert.rotation.CertificateManager;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.jdbc.DataSourceUnwrapper;

/**
 * Closes the connections in HikariCP's pools that present a certificate: idle ones at
 * once, others when they are returned to the pool. It does so again a little later, for
 * connections whose handshake had begun before the change.
 *
 * @param beans the beans
 * @param presents whether a pool presents the certificate with this name, or that of the
 * bundle with this name
 */
record HikariDrain(ConfigurableListableBeanFactory beans,
		BiPredicate<HikariDataSource, String> presents) implements CertificateManager.Follower {

	/**
	 * A connection that was being made may present the old pair and join the pool later.
	 */
	private static final int AGAIN_SECONDS = 10;

	/** Drains the pools that use a bundle. */
	static HikariDrain ofBundles(ConfigurableListableBeanFactory beans) {
		return new HikariDrain(beans, (source, bundle) -> bundle.equals(PostgresqlDriver.bundle(source)));
	}

	/** Drains the pools whose driver reads files in a directory. */
	static HikariDrain ofFiles(ConfigurableListableBeanFactory beans, Path directory) {
		return new HikariDrain(beans, (source, certificate) -> PoolFiles.areIn(directory, source));
	}

	@Override
	public void updated(String name) {
		evict(name);
		CompletableFuture.delayedExecutor(AGAIN_SECONDS, TimeUnit.SECONDS).execute(() -> evict(name));
	}

	private void evict(String name) {
		ExistingBeans.of(DataSource.class, this.beans)
			.flatMap((source) -> Stream
				.ofNullable(DataSourceUnwrapper.unwrap(source, HikariConfigMXBean.class, HikariDataSource.class)))
			.filter((source) -> this.presents.test(source, name))
			.flatMap((source) -> Stream.ofNullable(source.getHikariPoolMXBean()))
			.forEach(HikariPoolMXBean::softEvictConnections);
	}

}
