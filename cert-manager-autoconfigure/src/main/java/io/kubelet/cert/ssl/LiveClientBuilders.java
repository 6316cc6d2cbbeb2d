package io.kubelet.cert.ssl;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
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
			return (managers != null) ? new LiveRequestFactory(managers, () -> builder.build(settings))
					: builder.build(settings);
		};
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
				return (managers != null) ? new LiveConnector(managers, () -> builder.build(settings))
						: builder.build(settings);
			};
		}

	}

}
