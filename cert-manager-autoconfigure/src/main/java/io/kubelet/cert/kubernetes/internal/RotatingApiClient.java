package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.Socket;
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
	 * Creates a client that authenticates with the current pair only.
	 * @param kubeconfig the kubeconfig
	 * @param keyManagers present the current pair at each handshake
	 * @param executor runs asynchronous calls; shut down with the client
	 */
	public RotatingApiClient(KubeconfigSource kubeconfig, KeyManager[] keyManagers, ExecutorService executor) {
		KubeconfigFile file = kubeconfig.read();
		ApiClient client = KubernetesClients.create(file, Credentials.NONE, kubeconfig.trust(file));
		OkHttpClient base = client.getHttpClient();
		X509TrustManager trust = Objects.requireNonNull(base.x509TrustManager(), "The client verifies its server");
		this.context = KubernetesClients.tls(keyManagers, trust);
		setBasePath(client.getBasePath());
		setHttpClient(base.newBuilder()
			.dispatcher(new Dispatcher(executor))
			.socketFactory(this.sockets)
			.sslSocketFactory(KubernetesClients.sockets(this.context, file), trust)
			.build());
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
