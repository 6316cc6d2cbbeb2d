package io.kubelet.cert.autoconfigure.client;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.ReactorClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.ReactorClientHttpConnectorBuilder;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;

/**
 * Creates Reactor clients that have their own pool, configured like the one that they
 * would share. A shared pool keeps how it connects, and with it the previous identity. An
 * {@code HttpClient} factory of the application determines the pool only; use a
 * customizer for everything else.
 */
final class ReactorClients {

	private ReactorClients() {
	}

	static ClientHttpRequestFactory requestFactory(ReactorClientHttpRequestFactoryBuilder builder,
			@Nullable HttpClientSettings settings, Consumer<AutoCloseable> resources) {
		ConnectionProvider own = own((noted) -> builder.withHttpClientCustomizer(noted).build(settings));
		return builder.withHttpClientFactory(() -> HttpClient.create(own))
			.withHttpClientCustomizer((client) -> closing(client, own, resources))
			.build(settings);
	}

	static ClientHttpConnector connector(ReactorClientHttpConnectorBuilder builder,
			@Nullable HttpClientSettings settings, Consumer<AutoCloseable> resources) {
		ConnectionProvider own = own((noted) -> builder.withHttpClientCustomizer(noted).build(settings));
		return builder.withHttpClientFactory(() -> HttpClient.create(own))
			.withHttpClientCustomizer((client) -> closing(client, own, resources))
			.build(settings);
	}

	/**
	 * Returns a pool like that of a client, which is created only to read its settings.
	 */
	private static ConnectionProvider own(Consumer<UnaryOperator<HttpClient>> maker) {
		AtomicReference<ConnectionProvider.@Nullable Builder> like = new AtomicReference<>();
		maker.accept((client) -> {
			like.set(client.configuration().connectionProvider().mutate());
			return client;
		});
		ConnectionProvider.Builder builder = like.get();
		return (builder != null) ? builder.build() : ConnectionProvider.create("certificate");
	}

	/** The pool closes idle connections only, so those in use are closed here. */
	private static HttpClient closing(HttpClient client, ConnectionProvider own, Consumer<AutoCloseable> resources) {
		Set<Channel> channels = ConcurrentHashMap.newKeySet();
		resources.accept(own::dispose);
		resources.accept(() -> channels.forEach(Channel::close));
		return client.doOnChannelInit((observer, channel, address) -> {
			channels.add(channel);
			channel.closeFuture().addListener((closed) -> channels.remove(channel));
		});
	}

}
