package io.kubelet.cert.autoconfigure.connections;

import java.util.ConcurrentModificationException;

import io.kubelet.cert.rotation.CertificateManager;
import org.jspecify.annotations.Nullable;

import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Closes the connections to RabbitMQ. Publishers open others with their next message, and
 * listener containers at once. Messages that were not acknowledged are delivered again.
 * Those that are being published without confirms may be lost without an error, since the
 * server ignores what follows the request to close.
 * <p>
 * Connections of publishers that wait for confirms remain, because closing them would
 * fail what they wait for.
 *
 * @param beans the beans
 * @param configured the name of the SSL bundle that Spring Boot's connection factory is
 * configured with; {@code null} if there is none, and no connection is closed
 */
record RabbitDrain(ConfigurableListableBeanFactory beans,
		@Nullable String configured) implements CertificateManager.Follower {

	private static final int ATTEMPTS = 10;

	@Override
	public void updated(String bundleName) {
		if (bundleName.equals(this.configured)) {
			ExistingBeans.of(CachingConnectionFactory.class, this.beans)
				.filter((factory) -> factory.getRabbitConnectionFactory().isSSL())
				.filter((factory) -> !factory.isPublisherConfirms() && !factory.isSimplePublisherConfirms())
				.forEach(RabbitDrain::reset);
		}
	}

	/**
	 * If a channel is returned at the same time, the reset fails halfway, and the factory
	 * would cache no channels from then on.
	 */
	private static void reset(CachingConnectionFactory factory) {
		for (int attempt = 1;; attempt++) {
			try {
				factory.resetConnection();
				return;
			}
			catch (ConcurrentModificationException ex) {
				if (attempt == ATTEMPTS) {
					throw ex;
				}
			}
		}
	}

}
