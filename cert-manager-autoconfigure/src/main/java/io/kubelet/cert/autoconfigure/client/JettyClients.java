package io.kubelet.cert.autoconfigure.client;

import java.util.function.Consumer;

import org.eclipse.jetty.client.HttpClient;

/**
 * Stops Jetty clients, which Spring starts and does not stop. This is a class of its own
 * because Jetty need not be present.
 */
final class JettyClients {

	private JettyClients() {
	}

	/** Returns a customizer that passes on how to stop the client. */
	static Consumer<HttpClient> closedBy(Consumer<AutoCloseable> resources) {
		return (client) -> resources.accept(client::stop);
	}

}
