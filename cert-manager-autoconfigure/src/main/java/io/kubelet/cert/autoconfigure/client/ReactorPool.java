package io.kubelet.cert.autoconfigure.client;

import java.util.function.Consumer;

import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/**
 * The pool of one Reactor client, configured like the one that it would share. A shared
 * pool keeps how it connects, and with it the previous identity. An {@code HttpClient}
 * factory of the application determines the pool only; use a customizer for everything
 * else.
 */
final class ReactorPool {

	private final Consumer<AutoCloseable> resources;

	private ConnectionProvider.Builder settings = ConnectionProvider.builder("certificate");

	/**
	 * Creates a pool.
	 * @param resources accepts what has to be closed with the client
	 */
	ReactorPool(Consumer<AutoCloseable> resources) {
		this.resources = resources;
	}

	/** Takes the settings of a client's pool. */
	HttpClient resemble(HttpClient client) {
		ConnectionProvider.Builder settings = client.configuration().connectionProvider().mutate();
		if (settings != null) {
			this.settings = settings;
		}
		return client;
	}

	/**
	 * Returns a client that uses this pool, unless a customizer replaces it by that of
	 * the application. A pool that is disposed of closes its idle connections at once and
	 * the others when their requests have ended.
	 */
	HttpClient client() {
		ConnectionProvider pool = this.settings.build();
		this.resources.accept(pool::dispose);
		return HttpClient.create(pool);
	}

}
