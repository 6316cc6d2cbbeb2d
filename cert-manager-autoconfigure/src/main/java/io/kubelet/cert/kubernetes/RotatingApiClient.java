package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubernetes.client.openapi.ApiClient;
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
 * An API client that authenticates with a certificate that rotates (contract row C27). It
 * is one client for its whole life: each new connection presents the pair of that moment,
 * and connections made with an older one are closed when the certificate has rotated, the
 * idle ones at once.
 */
public final class RotatingApiClient implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RotatingApiClient.class);

	private final TrackedConnections connections = new TrackedConnections();

	private final Supplier<@Nullable CertificatePair> current;

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
		this.client = client;
		OkHttpClient base = client.getHttpClient();
		X509TrustManager trust = Objects.requireNonNull(base.x509TrustManager(), "The client verifies its server");
		this.context = context(keyManagers, trust);
		client.setHttpClient(base.newBuilder()
			.dispatcher(new Dispatcher(executor))
			.socketFactory(this.connections.sockets())
			.eventListener(this.connections)
			.sslSocketFactory(this.context.getSocketFactory(), trust)
			.addInterceptor(this::retryAfterRotation)
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
	 * are idle are closed now, and each new one presents the new certificate.
	 * @param previous the pair before, {@code null} if there was none
	 * @return closes those that were made with the pair before and are still open then,
	 * busy or not
	 */
	public Runnable rotated(@Nullable CertificatePair previous) {
		X509Certificate before = (previous != null) ? previous.leaf() : null;
		invalidateSessions();
		this.client.getHttpClient().connectionPool().evictAll();
		return () -> {
			List<Socket> old = this.connections
				.sockets((handshake) -> handshake != null && Objects.equals(presented(handshake), before));
			old.forEach(RotatingApiClient::close);
			if (!old.isEmpty()) {
				logger.debug("Closed {} connections to {} that were made with an older certificate", old.size(),
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

	/** A 401 on a connection that was made with an older certificate says nothing. */
	private Response retryAfterRotation(Interceptor.Chain chain) throws IOException {
		Request request = chain.request();
		Response response = chain.proceed(request);
		if (response.code() != 401 || !isOutdated(response.handshake())
				|| (request.body() != null && request.body().isOneShot())) {
			return response;
		}
		response.close();
		this.client.getHttpClient().connectionPool().evictAll();
		return chain.proceed(request);
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

	private static SSLContext context(KeyManager[] keyManagers, X509TrustManager trust) {
		try {
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(keyManagers, new TrustManager[] { trust }, null);
			return context;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK has no TLS", ex);
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

}
