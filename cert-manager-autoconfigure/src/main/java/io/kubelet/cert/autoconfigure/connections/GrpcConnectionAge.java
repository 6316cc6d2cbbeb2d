package io.kubelet.cert.autoconfigure.connections;

import java.util.concurrent.TimeUnit;

import io.grpc.ServerBuilder;
import io.kubelet.cert.ssl.LiveSslBundle;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/**
 * Limits the age of a gRPC server's connections to the drain of its certificate. The
 * server asks a client to open another connection, and ends the old one with its last
 * call. There is no way to have a server do so at a given time.
 *
 * @param <B> the type of builder
 * @param bundles the SSL bundles
 * @param bundleName the name of the server's bundle
 */
record GrpcConnectionAge<B extends ServerBuilder<B>>(SslBundles bundles,
		String bundleName) implements ServerBuilderCustomizer<B> {

	@Override
	public void customize(B builder) {
		LiveSslBundle live = LiveSslBundle.of(this.bundles.getBundle(this.bundleName));
		if (live != null && !live.drain().isZero()) {
			try {
				builder.maxConnectionAge(live.drain().toNanos(), TimeUnit.NANOSECONDS);
			}
			catch (UnsupportedOperationException ex) {
				// A server in this process or in a servlet container has no connections
			}
		}
	}

}
