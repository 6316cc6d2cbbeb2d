package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Creates API clients from the configuration in the places where Kubernetes programs look
 * for it: the kubeconfig if one is given, otherwise the service account of the pod,
 * otherwise the file that {@code KUBECONFIG} names, otherwise {@code ~/.kube/config}. A
 * client follows the certificate authorities there, and no redirects: an API server sends
 * none, and the target might be another server. Connecting, and each wait for a part of
 * an answer, may take 10 seconds.
 */
final class KubernetesClients {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	/** To find dead HTTP/2 connections. */
	private static final Duration PING_INTERVAL = Duration.ofMinutes(1);

	/** How long a watch may be silent after its time is up. */
	private static final int WATCH_GRACE_SECONDS = 30;

	private KubernetesClients() {
	}

	/**
	 * Creates a client with the configured credentials. A credential plug-in is run
	 * immediately and without a time limit.
	 * @param kubeconfig a kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @param plugIns accepts a credential plug-in before it is run, to terminate it
	 * @return the client
	 * @throws KubernetesConfigurationException if there is no kubeconfig, it does not
	 * have the context, or it cannot be used
	 */
	static ApiClient create(@Nullable Path kubeconfig, @Nullable String context, Consumer<CredentialPlugIn> plugIns) {
		return build(kubeconfig, context, (file) -> credentials(file, plugIns));
	}

	/**
	 * Creates a client for the same server that authenticates with other keys. Only the
	 * cluster in the kubeconfig is read; its user is ignored.
	 * @param kubeconfig as for {@link #create}
	 * @param context as for {@link #create}
	 * @param keyManagers present the client certificate
	 * @return the client
	 * @throws KubernetesConfigurationException if there is no kubeconfig, it does not
	 * have the context, or its cluster cannot be used
	 */
	static ApiClient createWithKeys(@Nullable Path kubeconfig, @Nullable String context, KeyManager[] keyManagers) {
		return build(kubeconfig, context, (file) -> Credentials.ofKeys(keyManagers));
	}

	private static ApiClient build(@Nullable Path kubeconfig, @Nullable String context,
			Function<KubeconfigFile, Credentials> authentication) {
		KubeconfigFile file = Kubeconfigs.read(kubeconfig, context);
		HttpUrl url = HttpUrl.parse(file.server());
		if (url == null || url.query() != null || url.fragment() != null) {
			throw file.malformed("its server is not a URL such as https://192.0.2.1:6443");
		}
		ApiClient client = new ApiClient().setBasePath(file.server());
		Credentials credentials = authentication.apply(file);
		if (file.isInsecure()) {
			client.setVerifyingSsl(false).setKeyManagers(credentials.keys());
		}
		if (file.tlsServerName() != null) {
			client.setTlsServerName(file.tlsServerName());
		}
		OkHttpClient.Builder http = client.getHttpClient()
			.newBuilder()
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
		if (authorization != null) {
			http.addInterceptor((chain) -> chain
				.proceed(chain.request().newBuilder().header("Authorization", authorization.get()).build()));
		}
		if (client.isVerifyingSsl()) {
			X509TrustManager trust = LiveTrust.manager(Kubeconfigs.trustOfClient(kubeconfig, context));
			http.sslSocketFactory(tls(credentials.keys(), trust).getSocketFactory(), trust);
		}
		return client.setHttpClient(http.build());
	}

	/** Without one in the kubeconfig, the proxy settings of the JVM apply. */
	private static @Nullable Proxy proxy(KubeconfigFile file) {
		String text = file.proxyUrl();
		if (text == null) {
			return null;
		}
		HttpUrl url = HttpUrl.parse(text);
		if (url == null || url.isHttps() || !url.username().isEmpty()) {
			throw new KubernetesConfigurationException(
					"The kubeconfig %s has a proxy-url that is not supported: set it to a URL such as http://192.0.2.1:3128, without credentials"
						.formatted(file.file()));
		}
		return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(url.host(), url.port()));
	}

	/**
	 * Returns the credentials of the user in a kubeconfig, the first of: client
	 * certificate, token file, password, plug-in, token.
	 * @param kubeconfig the kubeconfig
	 * @param plugIns accepts a plug-in before it is started
	 * @throws KubernetesConfigurationException if they cannot be read
	 */
	private static Credentials credentials(KubeconfigFile kubeconfig, Consumer<CredentialPlugIn> plugIns) {
		CertificatePair pair = kubeconfig.clientCertificate();
		if (pair != null) {
			return Credentials.ofKeys(ClientKeys.of(pair));
		}
		String tokenFile = kubeconfig.userText("tokenFile");
		if (tokenFile != null) {
			return Credentials.ofToken(new TokenFile(kubeconfig.sibling(tokenFile)));
		}
		String name = kubeconfig.userText("username");
		String password = kubeconfig.userText("password");
		if (name != null && password != null) {
			return Credentials.ofPassword(name, password);
		}
		if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
			return new CredentialPlugIn(kubeconfig, exec).run(plugIns);
		}
		String token = kubeconfig.userText("token");
		if (token != null) {
			if (!TokenFile.isToken(token)) {
				throw new KubernetesConfigurationException("The " + kubeconfig.describeUser()
						+ " has a token with invalid characters, such as a line break");
			}
			return Credentials.ofToken(() -> token);
		}
		if (kubeconfig.user().containsKey("auth-provider")) {
			throw new KubernetesConfigurationException("The " + kubeconfig.describeUser()
					+ " has an 'auth-provider', which is not supported: use a credential plug-in ('exec') instead");
		}
		return Credentials.none();
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

	/** A watch may receive nothing for as long as it lasts. */
	private static Response leaveWatchOpen(Interceptor.Chain chain) throws IOException {
		HttpUrl url = chain.request().url();
		String seconds = url.queryParameter("timeoutSeconds");
		if (seconds == null || !"true".equals(url.queryParameter("watch"))) {
			return chain.proceed(chain.request());
		}
		return chain.withReadTimeout(Integer.parseInt(seconds) + WATCH_GRACE_SECONDS, TimeUnit.SECONDS)
			.proceed(chain.request());
	}

}
