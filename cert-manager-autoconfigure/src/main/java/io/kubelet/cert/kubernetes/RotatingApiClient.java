package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.EventListener;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An API client that authenticates with a certificate that rotates. The client itself is
 * never replaced. Each new connection presents the current pair, and no call that begins
 * after a rotation uses an existing connection. When the certificate has rotated, idle
 * connections are closed immediately and busy ones after a grace period.
 */
public final class RotatingApiClient implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RotatingApiClient.class);

	private final TrackedSockets sockets = new TrackedSockets();

	/** Sockets that were opened before the last rotation. */
	private final List<Socket> outdated = new ArrayList<>();

	private final Supplier<@Nullable CertificatePair> current;

	/** The pair at the time of the last call. */
	private @Nullable CertificatePair seen;

	private final SSLContext context;

	private final ApiClient client;

	/**
	 * Creates a client.
	 * @param client the client of the server, which becomes the rotating one
	 * @param keyManagers present the current pair at each handshake
	 * @param current returns the current pair
	 * @param executor runs asynchronous calls; shut down with the client
	 */
	public RotatingApiClient(ApiClient client, KeyManager[] keyManagers, Supplier<@Nullable CertificatePair> current,
			ExecutorService executor) {
		this.current = current;
		this.seen = current.get();
		this.client = client;
		OkHttpClient base = client.getHttpClient();
		X509TrustManager trust = Objects.requireNonNull(base.x509TrustManager(), "The client verifies its server");
		this.context = KubernetesClients.tls(keyManagers, trust);
		client.setHttpClient(base.newBuilder()
			.dispatcher(new Dispatcher(executor))
			.socketFactory(this.sockets)
			.eventListener(new Cancellation())
			.sslSocketFactory(this.context.getSocketFactory(), trust)
			.addInterceptor(this::intercept)
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
		return new RotatingApiClient(KubernetesClients.createWithKeys(kubeconfig, context, keyManagers), keyManagers,
				current, executor);
	}

	/**
	 * Returns the client.
	 * @return the client, which is always the same
	 */
	public ApiClient client() {
		return this.client;
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
		return () -> old.forEach(RotatingApiClient::close);
	}

	@Override
	public void close() {
		this.client.getHttpClient().dispatcher().cancelAll();
		this.client.getHttpClient().connectionPool().evictAll();
		this.client.getHttpClient().dispatcher().executorService().shutdownNow();
		this.sockets.open().forEach(RotatingApiClient::close);
	}

	/** The first call after a rotation may begin before the listener is called. */
	private Response intercept(Interceptor.Chain chain) throws IOException {
		return leaveConnectionsIfRotated() ? callAnew(chain) : chain.proceed(chain.request());
	}

	private synchronized boolean leaveConnectionsIfRotated() {
		CertificatePair pair = this.current.get();
		boolean rotated = !Objects.equals(this.seen, pair);
		if (rotated) {
			this.seen = pair;
			this.outdated.addAll(this.sockets.open());
			leaveConnections();
		}
		return rotated;
	}

	/** HTTP/2 would use a busy connection for new calls, and no pool evicts that. */
	private void leaveConnections() {
		invalidateSessions();
		OkHttpClient before = this.client.getHttpClient();
		this.client.setHttpClient(before.newBuilder().connectionPool(new ConnectionPool()).build());
		before.connectionPool().evictAll();
	}

	/** The chain of a call is bound to the pool that the client had before. */
	private Response callAnew(Interceptor.Chain chain) throws IOException {
		Call call = this.client.getHttpClient()
			.newBuilder()
			.connectTimeout(chain.connectTimeoutMillis(), TimeUnit.MILLISECONDS)
			.readTimeout(chain.readTimeoutMillis(), TimeUnit.MILLISECONDS)
			.writeTimeout(chain.writeTimeoutMillis(), TimeUnit.MILLISECONDS)
			.build()
			.newCall(chain.request());
		Successor.of(chain.call()).call = call;
		if (chain.call().isCanceled()) {
			call.cancel();
		}
		return call.execute();
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

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			logger.debug("Cannot close {}", socket, ex);
		}
	}

	/** Refers a call to the one that replaces it. */
	private static final class Successor {

		private volatile @Nullable Call call;

		static Successor of(Call call) {
			return call.tag(Successor.class, Successor::new);
		}

	}

	/** Cancels a call that replaces another with it. */
	private static final class Cancellation extends EventListener {

		@Override
		public void canceled(Call call) {
			Call successor = Successor.of(call).call;
			if (successor != null) {
				successor.cancel();
			}
		}

	}

}
