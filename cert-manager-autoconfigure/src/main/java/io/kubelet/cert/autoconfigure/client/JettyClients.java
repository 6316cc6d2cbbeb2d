package io.kubelet.cert.autoconfigure.client;

import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.JettyClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.JettyClientHttpConnectorBuilder;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;

/**
 * Creates Jetty clients that can be stopped. Spring starts them and does not stop them.
 * This is a class of its own because Jetty need not be present.
 */
final class JettyClients {

	private JettyClients() {
	}

	static ClientHttpRequestFactory requestFactory(JettyClientHttpRequestFactoryBuilder builder,
			@Nullable HttpClientSettings settings, Consumer<AutoCloseable> resources) {
		return builder.withHttpClientCustomizer((client) -> resources.accept(client::stop)).build(settings);
	}

	static ClientHttpConnector connector(JettyClientHttpConnectorBuilder builder, @Nullable HttpClientSettings settings,
			Consumer<AutoCloseable> resources) {
		return builder.withHttpClientCustomizer((client) -> resources.accept(client::stop)).build(settings);
	}

}
