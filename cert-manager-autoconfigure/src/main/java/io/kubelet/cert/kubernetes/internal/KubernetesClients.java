package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates API clients from the configuration in the places where Kubernetes programs look
 * for it ({@link KubeconfigSource}). A client follows no redirects: an API server sends
 * none, and the target might be another server. Connecting, and each wait for a part of a
 * response, may take 10 seconds.
 */
final class KubernetesClients {

	private static final Logger logger = LoggerFactory.getLogger(KubernetesClients.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	/** Pings find dead HTTP/2 connections. */
	private static final Duration PING_INTERVAL = Duration.ofMinutes(1);

	/**
	 * One URL, without query and fragment, which a path would follow. Messages name it,
	 * so that it contains no credentials, and no other field after white space.
	 */
	private static final Pattern SERVER = Pattern.compile("https?://(?!.*://)[^\\p{Z}\\p{C}@?#]{1,500}",
			Pattern.CASE_INSENSITIVE);

	/** The warnings that were given, each for a server. */
	private static final Set<String> INSECURE = ConcurrentHashMap.newKeySet();

	private KubernetesClients() {
	}

	/**
	 * Creates a client of the cluster in a kubeconfig.
	 * @param file the kubeconfig
	 * @param credentials the credentials
	 * @param trust returns the authorities of the server
	 * @return the client, whose text form is the address of its server and where that
	 * comes from
	 * @throws KubernetesConfigurationException if the cluster cannot be used
	 */
	static ApiClient create(KubeconfigFile file, Credentials credentials, Supplier<Trust> trust) {
		String server = file.server();
		HttpUrl url = HttpUrl.parse(server);
		if (url == null || !SERVER.matcher(server).matches()) {
			throw KubeconfigFile.malformed(file.file(),
					"its server is not a URL such as https://192.0.2.1:6443, without credentials");
		}
		ApiClient client = new ApiClient() {

			@Override
			public String toString() {
				return getBasePath() + " (from " + file.origin() + ")";
			}

		}.setBasePath(server);
		if (file.isInsecure()) {
			client.setVerifyingSsl(false);
			warnOnce(file,
					"The API server at {} is not verified, because the kubeconfig {} sets insecure-skip-tls-verify: "
							+ "whoever intercepts a connection receives the credentials and can answer in its place. "
							+ "Remove this, and set certificate-authority to the authorities of the cluster");
		}
		String serverName = file.text(file.cluster(), "tls-server-name");
		if (serverName != null) {
			client.setTlsServerName(serverName);
		}
		OkHttpClient base = client.getHttpClient();
		X509TrustManager manager = client.isVerifyingSsl() ? new LiveTrustManager(trust)
				: Objects.requireNonNull(base.x509TrustManager(), "The client trusts every server");
		OkHttpClient.Builder http = base.newBuilder()
			.sslSocketFactory(sockets(tls(credentials.keys(), manager), file), manager)
			.followRedirects(false)
			.followSslRedirects(false)
			.socketFactory(new TrackedSockets())
			.proxy(proxy(file))
			.connectTimeout(TIMEOUT)
			.readTimeout(TIMEOUT)
			.writeTimeout(TIMEOUT)
			.pingInterval(PING_INTERVAL)
			.addInterceptor(KubernetesClients::leaveWatchOpen);
		Supplier<String> authorization = credentials.authorization();
		if (authorization != null && url.isHttps()) {
			http.addInterceptor((chain) -> chain
				.proceed(chain.request().newBuilder().header("Authorization", authorization.get()).build()));
		}
		else if (authorization != null) {
			warnOnce(file,
					"The API server at {} receives no token, because its address in the kubeconfig {} is without TLS: "
							+ "whoever intercepts a connection would receive it, too. Set server to a URL with https");
		}
		return client.setHttpClient(http.build());
	}

	private static void warnOnce(KubeconfigFile kubeconfig, String message) {
		if (INSECURE.add(kubeconfig.server() + message)) {
			logger.warn(message, kubeconfig.server(), kubeconfig.file());
		}
	}

	/** Without one in the kubeconfig, the proxy settings of the JVM apply. */
	private static @Nullable Proxy proxy(KubeconfigFile file) {
		String text = file.text(file.cluster(), "proxy-url");
		if (text == null) {
			return null;
		}
		HttpUrl url = HttpUrl.parse(text);
		if (url == null || url.isHttps() || text.contains("@")) {
			throw new KubernetesConfigurationException(
					"The kubeconfig %s has a proxy-url that is not supported: set it to a URL such as http://192.0.2.1:3128, without credentials"
						.formatted(file.file()));
		}
		return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(url.host(), url.port()));
	}

	/** Returns a TLS context that presents the keys and verifies servers by the trust. */
	static SSLContext tls(KeyManager @Nullable [] keys, X509TrustManager trust) {
		try {
			SSLContext tls = SSLContext.getInstance("TLS");
			tls.init(keys, new TrustManager[] { trust }, null);
			return tls;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK has no TLS", ex);
		}
	}

	/**
	 * Returns the factory of the TLS sockets. They ask for the server name in the
	 * kubeconfig unless it is an IP address (RFC 6066, 3); the client only verifies it.
	 */
	static SSLSocketFactory sockets(SSLContext tls, KubeconfigFile file) {
		String name = file.text(file.cluster(), "tls-server-name");
		if (name == null || CertificateNames.isIpAddress(name)) {
			return tls.getSocketFactory();
		}
		try {
			return new ServerNameSockets(tls.getSocketFactory(), new SNIHostName(name));
		}
		catch (IllegalArgumentException ex) {
			throw KubeconfigFile.malformed(file.file(),
					"its tls-server-name is not a host name such as kubernetes.default.svc");
		}
	}

	/** A watch may receive nothing for as long as it lasts. */
	private static Response leaveWatchOpen(Interceptor.Chain chain) throws IOException {
		boolean watch = "true".equals(chain.request().url().queryParameter("watch"));
		return (watch ? chain.withReadTimeout(0, TimeUnit.SECONDS) : chain).proceed(chain.request());
	}

}
