package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.X509TrustManager;

import io.kubernetes.client.openapi.ApiClient;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An API client that authenticates with a certificate that rotates. Each new connection
 * presents the current pair, and no call that is made after a rotation uses an existing
 * connection. When the certificate has rotated, idle connections are closed immediately
 * and busy ones after a grace period.
 */
public final class RotatingApiClient extends ApiClient implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RotatingApiClient.class);

	private final TrackedSockets sockets = new TrackedSockets();

	private final SSLContext context;

	/**
	 * Creates a client.
	 * @param client a client of the same server
	 * @param keyManagers present the current pair at each handshake
	 * @param executor runs asynchronous calls; shut down with the client
	 */
	public RotatingApiClient(ApiClient client, KeyManager[] keyManagers, ExecutorService executor) {
		super(client.getHttpClient());
		OkHttpClient base = client.getHttpClient();
		X509TrustManager trust = Objects.requireNonNull(base.x509TrustManager(), "The client verifies its server");
		this.context = KubernetesClients.tls(keyManagers, trust);
		setBasePath(client.getBasePath());
		setHttpClient(base.newBuilder()
			.dispatcher(new Dispatcher(executor))
			.socketFactory(this.sockets)
			.sslSocketFactory(this.context.getSocketFactory(), trust)
			.build());
	}

	/**
	 * Creates a client that authenticates with the current pair only.
	 * @param kubeconfig the kubeconfig, {@code null} for the usual one
	 * @param context the name of the context, {@code null} for the current one
	 * @param keyManagers present the current pair at each handshake
	 * @param executor runs asynchronous calls; shut down with the client
	 * @return the client
	 */
	public static RotatingApiClient connect(@Nullable Path kubeconfig, @Nullable String context,
			KeyManager[] keyManagers, ExecutorService executor) {
		ApiClient client = KubernetesClients.create(Kubeconfigs.read(kubeconfig, context),
				Credentials.ofKeys(keyManagers), Kubeconfigs.trust(kubeconfig, context));
		return new RotatingApiClient(client, keyManagers, executor);
	}

	/**
	 * Begins to replace the connections after a rotation: idle ones are closed, and no
	 * new call uses an existing one. HTTP/2 would use a busy connection for new calls,
	 * and no pool evicts that.
	 * @return closes the open connections that were made before the rotation, even if
	 * they are busy
	 */
	public Runnable rotated() {
		List<Socket> old = this.sockets.open();
		invalidateSessions();
		OkHttpClient before = getHttpClient();
		setHttpClient(before.newBuilder().connectionPool(new ConnectionPool()).build());
		before.connectionPool().evictAll();
		return () -> {
			old.forEach(RotatingApiClient::close);
			// A handshake may have begun with the old pair, and ended since
			invalidateSessions();
		};
	}

	/** A resumed session would still present the old certificate. */
	private void invalidateSessions() {
		SSLSessionContext sessions = this.context.getClientSessionContext();
		for (byte[] id : Collections.list(sessions.getIds())) {
			SSLSession session = sessions.getSession(id);
			if (session != null) {
				session.invalidate();
			}
		}
	}

	@Override
	public void close() {
		OkHttpClient http = getHttpClient();
		http.dispatcher().cancelAll();
		http.connectionPool().evictAll();
		http.dispatcher().executorService().shutdownNow();
		this.sockets.open().forEach(RotatingApiClient::close);
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			logger.debug("Cannot close {}", socket, ex);
		}
	}

}
