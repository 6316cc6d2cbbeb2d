package io.kubelet.cert.autoconfigure.client;

import java.io.IOException;
import java.net.URI;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;

import io.kubelet.cert.ssl.LiveSslBundle;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.eclipse.jetty.client.HttpClient;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.HttpComponentsClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.JettyClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.ReactorClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.boot.http.client.reactive.HttpComponentsClientHttpConnectorBuilder;
import org.springframework.boot.http.client.reactive.JettyClientHttpConnectorBuilder;
import org.springframework.boot.http.client.reactive.ReactorClientHttpConnectorBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;
import org.springframework.http.client.reactive.ClientHttpResponse;

/**
 * Builds HTTP clients that follow the rotation of the SSL bundle that they are built
 * with. Clients with another bundle, or with none, are built as usual.
 */
final class LiveClientBuilders {

	private LiveClientBuilders() {
	}

	/**
	 * Returns a builder like the one behind {@code RestClient} and {@code RestTemplate}
	 * whose clients follow the rotation.
	 * @param builder the builder, which is left as it is
	 * @return one that builds the same, again for each rotation
	 */
	static ClientHttpRequestFactoryBuilder<ClientHttpRequestFactory> live(ClientHttpRequestFactoryBuilder<?> builder) {
		return (settings) -> LiveClient
			.of(settings, (resources) -> closing(builder, settings, resources).build(settings))
			.<ClientHttpRequestFactory>map(RequestFactory::new)
			.orElseGet(() -> builder.build(settings));
	}

	private static ClientHttpRequestFactoryBuilder<?> closing(ClientHttpRequestFactoryBuilder<?> builder,
			@Nullable HttpClientSettings settings, Consumer<AutoCloseable> resources) {
		if (builder instanceof JettyClientHttpRequestFactoryBuilder jetty) {
			return jetty.withHttpClientCustomizer(Jetty.closedBy(resources));
		}
		if (builder instanceof HttpComponentsClientHttpRequestFactoryBuilder apache && verifiesServers(settings)) {
			return apache.withTlsSocketStrategyFactory(Apache::tls);
		}
		if (builder instanceof ReactorClientHttpRequestFactoryBuilder reactor) {
			ReactorPool pool = new ReactorPool(resources);
			reactor.withHttpClientCustomizer(pool::resemble).build(settings);
			return reactor.withHttpClientFactory(pool::client);
		}
		return builder;
	}

	private static boolean verifiesServers(@Nullable HttpClientSettings settings) {
		return settings != null && LiveSslBundle.verifiesServers(settings.sslBundle());
	}

	/** The builder behind {@code WebClient}, for applications that have Reactor. */
	static final class Reactive {

		private Reactive() {
		}

		/**
		 * Returns a builder like the one behind {@code WebClient} whose clients follow
		 * the rotation.
		 * @param builder the builder, which is left as it is
		 * @return one that builds the same, again for each rotation
		 */
		static ClientHttpConnectorBuilder<ClientHttpConnector> live(ClientHttpConnectorBuilder<?> builder) {
			return (settings) -> LiveClient
				.of(settings, (resources) -> closing(builder, settings, resources).build(settings))
				.<ClientHttpConnector>map(Connector::new)
				.orElseGet(() -> builder.build(settings));
		}

		private static ClientHttpConnectorBuilder<?> closing(ClientHttpConnectorBuilder<?> builder,
				@Nullable HttpClientSettings settings, Consumer<AutoCloseable> resources) {
			if (builder instanceof JettyClientHttpConnectorBuilder jetty) {
				return jetty.withHttpClientCustomizer(Jetty.closedBy(resources));
			}
			if (builder instanceof HttpComponentsClientHttpConnectorBuilder apache && verifiesServers(settings)) {
				return apache.withTlsSocketStrategyFactory(Apache::tls);
			}
			if (builder instanceof ReactorClientHttpConnectorBuilder reactor) {
				ReactorPool pool = new ReactorPool(resources);
				reactor.withHttpClientCustomizer(pool::resemble).build(settings);
				return reactor.withHttpClientFactory(pool::client);
			}
			return builder;
		}

		private record Connector(
				LiveClient<? extends ClientHttpConnector> client) implements ClientHttpConnector, DisposableBean {

			@Override
			public Mono<ClientHttpResponse> connect(HttpMethod method, URI uri,
					Function<? super org.springframework.http.client.reactive.ClientHttpRequest, Mono<Void>> callback) {
				return Mono.defer(() -> this.client.get().connect(method, uri, callback));
			}

			@Override
			public void destroy() {
				this.client.destroy();
			}

		}

	}

	private record RequestFactory(
			LiveClient<? extends ClientHttpRequestFactory> client) implements ClientHttpRequestFactory, DisposableBean {

		@Override
		public ClientHttpRequest createRequest(URI uri, HttpMethod method) throws IOException {
			return this.client.get().createRequest(uri, method);
		}

		@Override
		public void destroy() {
			this.client.destroy();
		}

	}

	/**
	 * Spring starts the clients of Jetty, and does not stop them. Their type is named in
	 * a class of its own, because Spring introspects the others also without Jetty.
	 */
	private static final class Jetty {

		static Consumer<HttpClient> closedBy(Consumer<AutoCloseable> resources) {
			return (client) -> resources.accept(client::stop);
		}

	}

	/**
	 * Apache's client compares the address by itself. If the bundle accepts certain
	 * servers, it verifies their names in the handshake, and the address does not matter.
	 */
	private static final class Apache {

		static DefaultClientTlsStrategy tls(@Nullable SslBundle bundle) {
			SslOptions options = Objects.requireNonNull(bundle).getOptions();
			return new DefaultClientTlsStrategy(bundle.createSslContext(), options.getEnabledProtocols(),
					options.getCiphers(), null, HostnameVerificationPolicy.BUILTIN, NoopHostnameVerifier.INSTANCE);
		}

	}

}
