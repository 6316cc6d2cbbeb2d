package io.kubelet.cert.autoconfigure.client;

import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;

/**
 * Builders whose clients follow the rotation, for tests of other packages.
 */
public final class LiveClients {

	private LiveClients() {
	}

	public static ClientHttpRequestFactoryBuilder<?> live(ClientHttpRequestFactoryBuilder<?> builder) {
		return LiveClientBuilders.live(builder);
	}

	public static ClientHttpConnectorBuilder<?> live(ClientHttpConnectorBuilder<?> builder) {
		return LiveClientBuilders.Reactive.live(builder);
	}

}
