package io.kubelet.cert.ssl;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import io.netty.channel.Channel;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.ReactorClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.ReactorClientHttpConnectorBuilder;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;
import reactor.netty.http.client.HttpClient;

/**
 * Makes Reactor clients whose connections can be closed. Their pool may be shared with
 * others, as it is by default: the connections are closed one by one, and the pool
 * notices.
 */
final class ReactorClients {

	private ReactorClients() {
	}

	static ClientHttpRequestFactory requestFactory(ReactorClientHttpRequestFactoryBuilder builder,
			HttpClientSettings settings, Consumer<AutoCloseable> resources) {
		return builder.withHttpClientCustomizer((client) -> followed(client, resources)).build(settings);
	}

	static ClientHttpConnector connector(ReactorClientHttpConnectorBuilder builder, HttpClientSettings settings,
			Consumer<AutoCloseable> resources) {
		return builder.withHttpClientCustomizer((client) -> followed(client, resources)).build(settings);
	}

	private static HttpClient followed(HttpClient client, Consumer<AutoCloseable> resources) {
		Set<Channel> channels = ConcurrentHashMap.newKeySet();
		resources.accept(() -> channels.forEach(Channel::close));
		return client.doOnChannelInit((observer, channel, address) -> {
			channels.add(channel);
			channel.closeFuture().addListener((closed) -> channels.remove(channel));
		});
	}

}
