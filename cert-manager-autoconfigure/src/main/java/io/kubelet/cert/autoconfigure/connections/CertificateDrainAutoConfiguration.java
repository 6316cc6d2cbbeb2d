package io.kubelet.cert.autoconfigure.connections;

import java.util.Objects;
import java.util.stream.Stream;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.grpc.ManagedChannel;
import io.grpc.stub.AbstractStub;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.export.ExportedFiles;
import io.kubelet.cert.export.Exports;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.LiveSslBundle;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration of what happens to the connections of other clients after a
 * rotation, where a library can give them up without losing anything.
 */
@AutoConfiguration(after = CertificateSslAutoConfiguration.class)
@ConditionalOnBean({ CertificateManagers.class, SslBundles.class })
public final class CertificateDrainAutoConfiguration {

	/** The drains are beans, because a bundle does not keep its followers alive. */
	@Bean
	SmartInitializingSingleton certificateConnectionDrains(SslBundles bundles,
			ObjectProvider<CertificateManager.Follower> drains) {
		return () -> bundles.getBundleNames()
			.stream()
			.map((name) -> LiveSslBundle.of(bundles.getBundle(name)))
			.filter(Objects::nonNull)
			.forEach((bundle) -> drains.orderedStream().forEach(bundle::addDrain));
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HikariDataSource.class, DataSourceUnwrapper.class })
	@ConditionalOnBooleanProperty(name = "kubelet.cert.drain.hikari", matchIfMissing = true)
	static class Hikari {

		@Bean
		CertificateManager.Follower hikariConnectionDrain(ConfigurableListableBeanFactory beans) {
			return HikariDrain.ofBundles(beans);
		}

		@Bean
		SmartInitializingSingleton certificateFileDrains(ObjectProvider<Exports> exports,
				ConfigurableListableBeanFactory beans) {
			return () -> directories(exports)
				.forEach((files) -> files.addFollower(HikariDrain.ofFiles(beans, files.settings().directory())));
		}

		/** The files must exist before the pool connects. */
		@Bean
		static BeanPostProcessor certificateFilePools(ObjectProvider<Exports> exports,
				ObjectProvider<SslBundles> bundles) {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessBeforeInitialization(Object bean, String beanName) {
					if (bean instanceof HikariConfig source && directories(exports)
						.anyMatch((files) -> PoolFiles.areIn(files.settings().directory(), source))) {
						bundles.getObject();
					}
					return bean;
				}

			};
		}

		private static Stream<ExportedFiles> directories(ObjectProvider<Exports> exports) {
			return exports.stream().flatMap((all) -> all.files().values().stream());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ ManagedChannel.class, AbstractStub.class })
	@ConditionalOnBooleanProperty(name = "kubelet.cert.drain.grpc", matchIfMissing = true)
	static class Grpc {

		@Bean
		CertificateManager.Follower grpcConnectionDrain(ConfigurableListableBeanFactory beans) {
			return new GrpcChannelDrain(beans);
		}

	}

}
