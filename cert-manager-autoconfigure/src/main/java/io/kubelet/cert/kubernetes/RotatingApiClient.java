package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.net.Socket;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
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
import okhttp3.Handshake;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An API client that authenticates with a certificate that rotates. It is one client for
 * its whole life: each new connection presents the pair of that moment, and no call that
 * begins after a rotation meets a connection of before. Those are closed when the
 * certificate has rotated, the idle ones at once.
 */
public final class RotatingApiClient implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RotatingApiClient.class);

	private final TrackedConnections connections = new TrackedConnections();

	private final Supplier<@Nullable CertificatePair> current;

	/** The pair of the latest call. */
	private final AtomicReference<@Nullable CertificatePair> seen;

	private final SSLContext context;

	private final ApiClient client;

	/**
	 * Create a client.
	 * @param client knows the server and its authority; it becomes the rotating one
	 * @param keyManagers present the current pair at each handshake
	 * @param current the current pair
	 * @param executor runs the client's asynchronous calls; shut down with the client
	 */
	public RotatingApiClient(ApiClient client, KeyManager[] keyManagers, Supplier<@Nullable CertificatePair> current,
			ExecutorService executor) {
		this.current = current;
		this.seen = new AtomicReference<>(current.get());
		this.client = client;
		OkHttpClient base = client.getHttpClient();
		X509TrustManager trust = Objects.requireNonNull(base.x509TrustManager(), "The client verifies its server");
		this.context = KubernetesClients.tls(keyManagers, trust);
		client.setHttpClient(base.newBuilder()
			.dispatcher(new Dispatcher(executor))
			.socketFactory(this.connections.sockets())
			.eventListener(this.connections)
			.sslSocketFactory(this.context.getSocketFactory(), trust)
			.addInterceptor(this::intercept)
			.build());
	}

	/**
	 * Return the client.
	 * @return always the same client
	 */
	public ApiClient client() {
		return this.client;
	}

	/**
	 * Begin to replace the connections, because the certificate has rotated: those that
	 * are idle are closed, and none is used for a new call. This has happened already if
	 * there was a call since.
	 * @param previous the pair before, {@code null} if there was none
	 * @return closes those that presented the pair before, or nothing, and are still open
	 * then, busy or not
	 */
	public Runnable rotated(@Nullable CertificatePair previous) {
		X509Certificate before = (previous != null) ? previous.leaf() : null;
		if (hasRotated()) {
			leaveConnections();
		}
		return () -> {
			List<Socket> old = this.connections.sockets((handshake) -> handshake != null
					&& (presented(handshake) == null || Objects.equals(presented(handshake), before)));
			old.forEach(RotatingApiClient::close);
			if (!old.isEmpty()) {
				logger.debug("Closed {} connections to {} that were made before the certificate rotated", old.size(),
						this.client.getBasePath());
			}
		};
	}

	@Override
	public void close() {
		this.client.getHttpClient().dispatcher().cancelAll();
		this.client.getHttpClient().connectionPool().evictAll();
		this.client.getHttpClient().dispatcher().executorService().shutdownNow();
		this.connections.sockets().open().forEach(RotatingApiClient::close);
	}

	/**
	 * The first call after a rotation may come before our listener is told, and a 401 on
	 * a connection that was made with an older certificate says nothing.
	 */
	private Response intercept(Interceptor.Chain chain) throws IOException {
		Request request = chain.request();
		if (hasRotated()) {
			leaveConnections();
			return callAnew(chain, request);
		}
		Response response = chain.proceed(request);
		if (response.code() != 401 || !isOutdated(response.handshake()) || request.tag(Retry.class) != null
				|| (request.body() != null && request.body().isOneShot())) {
			return response;
		}
		response.close();
		leaveConnections();
		return callAnew(chain, request.newBuilder().tag(Retry.class, Retry.AFTER_ROTATION).build());
	}

	private boolean hasRotated() {
		CertificatePair pair = this.current.get();
		return !Objects.equals(this.seen.getAndSet(pair), pair);
	}

	/** HTTP/2 would send new calls over a busy connection, which no pool gives up. */
	private void leaveConnections() {
		invalidateSessions();
		OkHttpClient before = this.client.getHttpClient();
		this.client.setHttpClient(before.newBuilder().connectionPool(new ConnectionPool()).build());
		before.connectionPool().evictAll();
	}

	/** The chain of a call is bound to the pool that the client had then. */
	private Response callAnew(Interceptor.Chain chain, Request request) throws IOException {
		Call call = this.client.getHttpClient()
			.newBuilder()
			.connectTimeout(chain.connectTimeoutMillis(), TimeUnit.MILLISECONDS)
			.readTimeout(chain.readTimeoutMillis(), TimeUnit.MILLISECONDS)
			.writeTimeout(chain.writeTimeoutMillis(), TimeUnit.MILLISECONDS)
			.build()
			.newCall(request);
		this.connections.replace(chain.call(), call);
		return call.execute();
	}

	private boolean isOutdated(@Nullable Handshake handshake) {
		CertificatePair pair = this.current.get();
		return pair != null && (handshake == null || !pair.leaf().equals(presented(handshake)));
	}

	private static @Nullable Certificate presented(Handshake handshake) {
		List<Certificate> chain = handshake.localCertificates();
		return chain.isEmpty() ? null : chain.get(0);
	}

	/** A resumed session would go on presenting the old certificate. */
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

	/** Marks the call that is made in place of another. */
	private enum Retry {

		AFTER_ROTATION

	}

}
