package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.Socket;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.FileChanges;
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
 * and busy ones after a grace period, and so they are when the kubeconfig is replaced.
 */
public final class RotatingApiClient extends ApiClient implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RotatingApiClient.class);

	private final TrackedSockets sockets = new TrackedSockets();

	private final ReadFiles files = new ReadFiles();

	private final KubeconfigSource kubeconfig;

	private final KeyManager[] keyManagers;

	private volatile SSLContext context;

	/**
	 * Creates a client that authenticates with the current pair only.
	 * @param kubeconfig the kubeconfig
	 * @param keyManagers present the current pair at each handshake
	 * @param executor runs asynchronous calls; shut down with the client
	 */
	public RotatingApiClient(KubeconfigSource kubeconfig, KeyManager[] keyManagers, ExecutorService executor) {
		this.kubeconfig = kubeconfig;
		this.keyManagers = keyManagers;
		ApiClient client = read();
		OkHttpClient.Builder http = client.getHttpClient().newBuilder();
		this.context = become(client, http.dispatcher(new Dispatcher(executor)).socketFactory(this.sockets));
	}

	private ApiClient read() {
		this.files.begin(this.kubeconfig.read().serverFile().toList());
		KubeconfigFile file = this.kubeconfig.read();
		return KubernetesClients.create(file, Credentials.NONE, this.kubeconfig.trust(file));
	}

	private SSLContext become(ApiClient client, OkHttpClient.Builder http) {
		X509TrustManager trust = Objects.requireNonNull(client.getHttpClient().x509TrustManager(),
				"The client verifies its server");
		SSLContext context = KubernetesClients.tls(this.keyManagers, trust);
		setHttpClient(http.sslSocketFactory(context.getSocketFactory(), trust).build());
		setBasePath(client.getBasePath());
		return context;
	}

	/**
	 * Follows the kubeconfig. Another server takes the place of the one before, with
	 * which busy connections remain open until they are closed.
	 * @param changes tells when the kubeconfig may have changed
	 * @param drain accepts what closes the connections that are still open
	 */
	public void follow(FileChanges changes, Consumer<Runnable> drain) {
		this.files.follow(changes, () -> this.files.readAgain(() -> drain.accept(replaced()), this));
	}

	/** What the application has added to the client remains. */
	private synchronized Runnable replaced() {
		ApiClient client = read();
		List<Socket> old = this.sockets.open();
		OkHttpClient before = getHttpClient();
		OkHttpClient next = client.getHttpClient();
		this.context = become(client,
				before.newBuilder()
					.connectionPool(new ConnectionPool())
					.hostnameVerifier(next.hostnameVerifier())
					.proxy(next.proxy()));
		before.connectionPool().evictAll();
		return () -> old.forEach(RotatingApiClient::close);
	}

	/**
	 * Begins to replace the connections after a rotation: idle ones are closed, and no
	 * new call uses an existing one. HTTP/2 would use a busy connection for new calls,
	 * and no pool evicts that.
	 * @return closes the open connections that were made before the rotation, even if
	 * they are busy
	 */
	public synchronized Runnable rotated() {
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

	@Override
	public String toString() {
		return getBasePath() + " for the bean of type ApiClient";
	}

}
