package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubernetes.client.openapi.ApiCallback;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import okhttp3.Call;
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

	/** Sockets that were opened before the last rotation. */
	private final List<Socket> outdated = new ArrayList<>();

	private final Supplier<@Nullable CertificatePair> current;

	/** The pair at the time of the last call. */
	private @Nullable CertificatePair seen;

	private final SSLContext context;

	/**
	 * Creates a client.
	 * @param client a client of the same server
	 * @param keyManagers present the current pair at each handshake
	 * @param current returns the current pair
	 * @param executor runs asynchronous calls; shut down with the client
	 */
	public RotatingApiClient(ApiClient client, KeyManager[] keyManagers, Supplier<@Nullable CertificatePair> current,
			ExecutorService executor) {
		super(client.getHttpClient());
		this.current = current;
		this.seen = current.get();
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
	 * @param current returns the current pair
	 * @param executor runs asynchronous calls; shut down with the client
	 * @return the client
	 */
	public static RotatingApiClient connect(@Nullable Path kubeconfig, @Nullable String context,
			KeyManager[] keyManagers, Supplier<@Nullable CertificatePair> current, ExecutorService executor) {
		ApiClient client = KubernetesClients.create(Kubeconfigs.read(kubeconfig, context),
				() -> Credentials.ofKeys(keyManagers));
		return new RotatingApiClient(client, keyManagers, current, executor);
	}

	/** The first call after a rotation may be made before {@link #rotated()}. */
	@Override
	public OkHttpClient getHttpClient() {
		leaveConnectionsIfRotated();
		return super.getHttpClient();
	}

	/** Does not use {@link #getHttpClient()}. */
	@Override
	@SuppressWarnings("rawtypes")
	public Call buildCall(String baseUrl, String path, String method, List<Pair> query, List<Pair> collectionQuery,
			Object body, Map<String, String> headers, Map<String, String> cookies, Map<String, Object> form,
			String[] authentications, ApiCallback callback) throws ApiException {
		leaveConnectionsIfRotated();
		return super.buildCall(baseUrl, path, method, query, collectionQuery, body, headers, cookies, form,
				authentications, callback);
	}

	/**
	 * Begins to replace the connections after a rotation: idle ones are closed, and no
	 * new call uses an existing one. A call since the rotation may have done this
	 * already.
	 * @return closes the open connections that were made before the rotation, even if
	 * they are busy
	 */
	public synchronized Runnable rotated() {
		leaveConnectionsIfRotated();
		List<Socket> old = List.copyOf(this.outdated);
		this.outdated.clear();
		return () -> {
			old.forEach(RotatingApiClient::close);
			// A handshake may have begun with the old pair, and ended since
			invalidateSessions();
		};
	}

	private synchronized void leaveConnectionsIfRotated() {
		CertificatePair pair = this.current.get();
		if (!Objects.equals(this.seen, pair)) {
			this.seen = pair;
			this.outdated.addAll(this.sockets.open());
			leaveConnections();
		}
	}

	/** HTTP/2 would use a busy connection for new calls, and no pool evicts that. */
	private void leaveConnections() {
		invalidateSessions();
		OkHttpClient before = super.getHttpClient();
		setHttpClient(before.newBuilder().connectionPool(new ConnectionPool()).build());
		before.connectionPool().evictAll();
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
		OkHttpClient http = super.getHttpClient();
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
