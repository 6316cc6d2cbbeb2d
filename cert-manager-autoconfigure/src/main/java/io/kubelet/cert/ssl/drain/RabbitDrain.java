package io.kubelet.cert.ssl.drain;

import org.jspecify.annotations.Nullable;

import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Closes the connections to RabbitMQ. Publishers open others with their next message, and
 * listener containers at once. Messages that were not acknowledged are delivered again.
 * <p>
 * Connections of publishers that wait for confirms remain, because closing them would
 * fail what they wait for.
 */
public final class RabbitDrain implements ConnectionDrain {

	private final ConfigurableListableBeanFactory beans;

	private final @Nullable String configured;

	/**
	 * Creates a drain.
	 * @param beans the beans
	 * @param configured the name of the SSL bundle that Spring Boot's connection factory
	 * is configured with; {@code null} if there is none, and no connection is closed
	 */
	public RabbitDrain(ConfigurableListableBeanFactory beans, @Nullable String configured) {
		this.beans = beans;
		this.configured = configured;
	}

	@Override
	public void drain(String bundleName) {
		if (bundleName.equals(this.configured)) {
			ExistingBeans.of(CachingConnectionFactory.class, this.beans)
				.filter((factory) -> factory.getRabbitConnectionFactory().isSSL())
				.filter((factory) -> !factory.isPublisherConfirms() && !factory.isSimplePublisherConfirms())
				.forEach(CachingConnectionFactory::resetConnection);
		}
	}

}
