package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import org.jspecify.annotations.Nullable;

/**
 * Hands out signers that use an API server. A client is made when it is first needed: an
 * application that needs no certificate yet does without it.
 * <p>
 * Without a bootstrap kubeconfig, the credentials are those of the kubeconfig. With one,
 * they are the pair that is current, and the bootstrap credentials only while there is
 * none that is valid (contract rows C22 and B11). A client whose credentials are
 * superseded is closed (B12).
 */
public final class KubernetesSigners implements AutoCloseable {

	private static final int IDLE_SECONDS = 5;

	private final @Nullable Path kubeconfig;

	private final @Nullable Path bootstrapKubeconfig;

	private final @Nullable String context;

	private final Clock clock;

	private final ExecutorService executor;

	private final Map<String, NodeAddresses> addresses = new HashMap<>();

	private @Nullable Access access;

	/**
	 * Create a source.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param bootstrapKubeconfig the kubeconfig with the bootstrap credentials,
	 * {@code null} for none
	 * @param context the context to use, {@code null} for the current one
	 * @param threads makes the threads, which exist only while requests are open and
	 * addresses are watched
	 * @param clock the clock
	 */
	public KubernetesSigners(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
			ThreadFactory threads, Clock clock) {
		this.kubeconfig = kubeconfig;
		this.bootstrapKubeconfig = bootstrapKubeconfig;
		this.context = context;
		this.clock = clock;
		this.executor = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads);
	}

	/**
	 * Return the signer for one attempt.
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @return the signer
	 * @throws KubernetesConfigurationException if there is no usable way to an API server
	 */
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return access(current).signer;
	}

	/**
	 * Return the addresses of a node, which are watched with the client that the signers
	 * of the moment use.
	 * @param node the node's name
	 * @param current the pair to authenticate with, as for
	 * {@link #signer(CertificatePair)}; asked for at each connection
	 * @return the addresses
	 */
	public synchronized AddressSource addressesOf(String node, Supplier<@Nullable CertificatePair> current) {
		return this.addresses.computeIfAbsent(node,
				(name) -> new NodeAddresses(name, () -> access(current.get()).client, this.executor, this.clock));
	}

	private synchronized Access access(@Nullable CertificatePair current) {
		CertificatePair pair = (this.bootstrapKubeconfig != null) ? current : null;
		Access access = this.access;
		if (access == null || !Objects.equals(access.pair, pair)) {
			ApiClient client = connect(pair);
			client.setHttpClient(client.getHttpClient()
				.newBuilder()
				.dispatcher(new Dispatcher(this.executor))
				.connectionPool(new ConnectionPool(5, IDLE_SECONDS, TimeUnit.SECONDS))
				.build());
			if (access != null) {
				access.client.getHttpClient().connectionPool().evictAll();
			}
			access = new Access(pair, client, new KubernetesCertificateSigner(client, this.executor, this.clock));
			this.access = access;
		}
		return access;
	}

	private ApiClient connect(@Nullable CertificatePair pair) {
		Path bootstrap = this.bootstrapKubeconfig;
		if (bootstrap == null || this.kubeconfig == null) {
			return KubernetesClients.create(this.kubeconfig, this.context);
		}
		CertificatePair credentials = (pair != null) ? pair
				: KubeconfigFile.read(this.kubeconfig, null).clientCertificate(this.clock.instant()).orElse(null);
		return (credentials != null) ? KubernetesClients.createWithKeys(this.kubeconfig, null, keyManagers(credentials))
				: KubernetesClients.create(bootstrap, this.context);
	}

	private static KeyManager[] keyManagers(CertificatePair pair) {
		try {
			KeyStore store = KeyStore.getInstance("PKCS12");
			store.load(null, null);
			store.setKeyEntry("current", pair.privateKey(), new char[0], pair.chain().toArray(X509Certificate[]::new));
			KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
			factory.init(store, new char[0]);
			return factory.getKeyManagers();
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException("The pair cannot be used by a client", ex);
		}
	}

	@Override
	public synchronized void close() {
		this.addresses.values().forEach(NodeAddresses::close);
		this.executor.shutdownNow();
		if (this.access != null) {
			this.access.client.getHttpClient().dispatcher().cancelAll();
			this.access.client.getHttpClient().connectionPool().evictAll();
		}
	}

	private record Access(@Nullable CertificatePair pair, ApiClient client, CertificateSigner signer) {

	}

}
