package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

import javax.net.ssl.KeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeyStores;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.credentials.Authentication;
import io.kubernetes.client.util.credentials.TokenFileAuthentication;
import org.jspecify.annotations.Nullable;

/**
 * Makes API clients from where Kubernetes programs look for their configuration, whose
 * certificate authorities they follow. Tokens, client certificates and exec plug-ins are
 * the client library's work.
 */
public final class KubernetesClients {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private KubernetesClients() {
	}

	/**
	 * Make a client: from the kubeconfig if one is given, else from inside a cluster,
	 * else from the file that {@code KUBECONFIG} names, else from {@code ~/.kube/config}.
	 * @param kubeconfig a kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the client; connecting and each answer may take 10 s
	 * @throws KubernetesConfigurationException if there is none, it cannot be read, or it
	 * has no such context
	 */
	public static ApiClient create(@Nullable Path kubeconfig, @Nullable String context) {
		return build(builder(kubeconfig, context), kubeconfig, context);
	}

	/**
	 * Make a client for the same server that authenticates with keys of one's own instead
	 * of the credentials that are configured.
	 * @param kubeconfig as for {@link #create(Path, String)}
	 * @param context as for {@link #create(Path, String)}
	 * @param keyManagers present the client certificate
	 * @return the client
	 * @throws KubernetesConfigurationException as for {@link #create(Path, String)}
	 */
	public static ApiClient createWithKeys(@Nullable Path kubeconfig, @Nullable String context,
			KeyManager[] keyManagers) {
		return build(builder(kubeconfig, context).setAuthentication(keys(keyManagers)), kubeconfig, context);
	}

	private static ClientBuilder builder(@Nullable Path kubeconfig, @Nullable String context) {
		try {
			if (kubeconfig == null && Kubeconfigs.isInCluster()) {
				return ClientBuilder.cluster();
			}
			return client(Kubeconfigs.find(kubeconfig), context);
		}
		catch (IOException | IllegalArgumentException ex) {
			throw new KubernetesConfigurationException("The Kubernetes client cannot be configured: " + ex, ex);
		}
	}

	private static ApiClient build(ClientBuilder builder, @Nullable Path kubeconfig, @Nullable String context) {
		int timeout = (int) TIMEOUT.toMillis();
		try {
			ApiClient client = builder.setReadTimeout(TIMEOUT).build();
			ClusterTrust.follow(client, kubeconfig, context);
			return client.setConnectTimeout(timeout).setWriteTimeout(timeout);
		}
		catch (KubernetesConfigurationException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			throw new KubernetesConfigurationException("The credentials for the API server cannot be used: " + ex, ex);
		}
	}

	/**
	 * The library reads a token file once, relative to the working directory; it has to
	 * be read again as it changes, relative to the kubeconfig. And it cannot read a
	 * certificate and its key from one file, as they are in a kubelet's.
	 */
	private static ClientBuilder client(Path path, @Nullable String context) throws IOException {
		KubeconfigFile file = KubeconfigFile.read(path, context);
		ClientBuilder builder = ClientBuilder.kubeconfig(config(path, context));
		Optional<CertificatePair> pair = file.clientCertificate(Instant.EPOCH);
		if (pair.isPresent()) {
			return builder.setAuthentication(keys(KeyStores.managers(pair.get())));
		}
		if (file.user().get("tokenFile") instanceof String tokenFile) {
			Path token = path.toAbsolutePath().resolveSibling(tokenFile);
			if (!Files.isReadable(token)) {
				throw new KubernetesConfigurationException(
						"The token file " + token + " that the kubeconfig " + path + " names cannot be read", null);
			}
			return builder.setAuthentication(new TokenFileAuthentication(token.toString()));
		}
		return builder;
	}

	private static KubeConfig config(Path file, @Nullable String context) throws IOException {
		try (Reader reader = Files.newBufferedReader(file)) {
			KubeConfig config = KubeConfig.loadKubeConfig(reader);
			config.setFile(file.toAbsolutePath().toFile());
			if (context != null) {
				config.setContext(context);
			}
			if (config.getServer() == null) {
				throw new KubernetesConfigurationException(
						"The kubeconfig " + file
								+ " names no server: its current context, or the cluster of that context, is missing",
						null);
			}
			return config;
		}
		catch (ClassCastException ex) {
			throw new KubernetesConfigurationException("The kubeconfig " + file + " is malformed: " + ex.getMessage(),
					ex);
		}
	}

	private static Authentication keys(KeyManager[] keyManagers) {
		return (client) -> client.setKeyManagers(keyManagers);
	}

}
