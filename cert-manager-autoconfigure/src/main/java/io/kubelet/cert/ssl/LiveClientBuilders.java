package io.kubelet.cert.ssl;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.JettyClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.ReactorClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.boot.http.client.reactive.JettyClientHttpConnectorBuilder;
import org.springframework.boot.http.client.reactive.ReactorClientHttpConnectorBuilder;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;

/**
 * Makes clients that follow the rotation, where they are built with the SSL bundle of a
 * certificate; others are left as they are.
 */
public final class LiveClientBuilders {

	private LiveClientBuilders() {
	}

	/**
	 * Adapt the builder behind {@code RestClient} and {@code RestTemplate}.
	 * @param builder the builder
	 * @return one that builds the same, and anew after each rotation
	 */
	public static ClientHttpRequestFactoryBuilder<ClientHttpRequestFactory> following(
			ClientHttpRequestFactoryBuilder<?> builder) {
		return (settings) -> {
			LiveManagers managers = managers(settings);
			return (managers != null && settings != null)
					? new LiveRequestFactory(managers, (resources) -> build(builder, settings, resources))
					: builder.build(settings);
		};
	}

	private static ClientHttpRequestFactory build(ClientHttpRequestFactoryBuilder<?> builder,
			HttpClientSettings settings, Consumer<AutoCloseable> resources) {
		if (builder instanceof JettyClientHttpRequestFactoryBuilder jetty) {
			return JettyClients.requestFactory(jetty, settings, resources);
		}
		if (builder instanceof ReactorClientHttpRequestFactoryBuilder reactor) {
			return ReactorClients.requestFactory(reactor, settings, resources);
		}
		return builder.build(settings);
	}

	private static @Nullable LiveManagers managers(@Nullable HttpClientSettings settings) {
		return (settings != null && settings.sslBundle() != null
				&& settings.sslBundle().getManagers() instanceof LiveManagers live) ? live : null;
	}

	/** The builder behind {@code WebClient}, for applications that have Reactor. */
	public static final class Reactive {

		private Reactive() {
		}

		/**
		 * Adapt the builder behind {@code WebClient}.
		 * @param builder the builder
		 * @return one that builds the same, and anew after each rotation
		 */
		public static ClientHttpConnectorBuilder<ClientHttpConnector> following(ClientHttpConnectorBuilder<?> builder) {
			return (settings) -> {
				LiveManagers managers = managers(settings);
				return (managers != null && settings != null)
						? new LiveConnector(managers, (resources) -> build(builder, settings, resources))
						: builder.build(settings);
			};
		}

		private static ClientHttpConnector build(ClientHttpConnectorBuilder<?> builder, HttpClientSettings settings,
				Consumer<AutoCloseable> resources) {
			if (builder instanceof JettyClientHttpConnectorBuilder jetty) {
				return JettyClients.connector(jetty, settings, resources);
			}
			if (builder instanceof ReactorClientHttpConnectorBuilder reactor) {
				return ReactorClients.connector(reactor, settings, resources);
			}
			return builder.build(settings);
		}

	}

}
