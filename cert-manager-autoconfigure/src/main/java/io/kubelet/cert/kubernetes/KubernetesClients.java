package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;

import io.kubernetes.client.openapi.ApiClient;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Makes API clients from where Kubernetes programs look for their configuration: the
 * kubeconfig if one is given, else the service account of the pod, else the file that
 * {@code KUBECONFIG} names, else {@code ~/.kube/config}. A client follows the certificate
 * authorities there. Connecting and each answer may take 10 s.
 */
public final class KubernetesClients {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	/** Finds a connection of HTTP/2 that is dead. */
	private static final Duration PING_INTERVAL = Duration.ofMinutes(1);

	/** How much longer than the server a watch is left open, before it counts as dead. */
	private static final int WATCH_GRACE_SECONDS = 30;

	private KubernetesClients() {
	}

	/**
	 * Makes a client with the credentials that are configured. A credential plug-in is
	 * run now, without a limit of time.
	 * @param kubeconfig a kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the client
	 * @throws KubernetesConfigurationException if there is no kubeconfig, it has no such
	 * context, or what it names cannot be used
	 */
	public static ApiClient create(@Nullable Path kubeconfig, @Nullable String context) {
		return create(kubeconfig, context, (plugIn) -> {
		});
	}

	/**
	 * Makes a client with the credentials that are configured.
	 * @param plugIns takes a credential plug-in before it is run, so that it can be ended
	 */
	static ApiClient create(@Nullable Path kubeconfig, @Nullable String context, Consumer<CredentialPlugIn> plugIns) {
		return build(kubeconfig, context, (file) -> (file != null) ? Credentials.of(file, plugIns)
				: Credentials.ofToken(new TokenFile(Kubeconfigs.SERVICE_ACCOUNT.resolve("token"))));
	}

	/**
	 * Makes a client for the same server that authenticates with other keys. Only the
	 * cluster in a kubeconfig is read: no plug-in is run, and no token file is read.
	 * @param kubeconfig as for {@link #create(Path, String)}
	 * @param context as for {@link #create(Path, String)}
	 * @param keyManagers present the client certificate
	 * @return the client
	 * @throws KubernetesConfigurationException if there is no kubeconfig, it has no such
	 * context, or its cluster cannot be used
	 */
	public static ApiClient createWithKeys(@Nullable Path kubeconfig, @Nullable String context,
			KeyManager[] keyManagers) {
		return build(kubeconfig, context, (file) -> Credentials.ofKeys(keyManagers));
	}

	private static ApiClient build(@Nullable Path kubeconfig, @Nullable String context,
			Function<@Nullable KubeconfigFile, Credentials> authentication) {
		KubeconfigFile file = (kubeconfig == null && Kubeconfigs.isInCluster()) ? null
				: KubeconfigFile.read(Kubeconfigs.find(kubeconfig), context);
		ApiClient client = new ApiClient().setBasePath((file != null) ? file.server() : Kubeconfigs.serverOfPod());
		Credentials credentials = authentication.apply(file);
		if (file != null && file.isInsecure()) {
			client.setVerifyingSsl(false).setKeyManagers(credentials.keys());
		}
		if (file != null && file.tlsServerName() != null) {
			client.setTlsServerName(file.tlsServerName());
		}
		OkHttpClient.Builder http = client.getHttpClient()
			.newBuilder()
			.socketFactory(new TrackedSockets())
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
			ClusterTrust.follow(http, credentials.keys(), kubeconfig, context);
		}
		return client.setHttpClient(http.build());
	}

	/** A watch lasts as long as it asks for; nothing may happen in the meantime. */
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
