package io.kubelet.cert.kubernetes;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * Hands out signers that use an API server. A client is made when it is first needed: an
 * application that needs no certificate yet does without it.
 */
public final class KubernetesSigners implements AutoCloseable {

	private static final Duration IDLE = Duration.ofSeconds(5);

	/** How long an application that starts waits for the authorities to trust. */
	private static final Duration PATIENCE = Duration.ofSeconds(30);

	/** Less than an application waits when it starts, so that it can say the reason. */
	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

	private final @Nullable Path kubeconfig;

	private final @Nullable Path bootstrapKubeconfig;

	private final @Nullable String context;

	private final Clock clock;

	private final ExecutorService executor;

	private final Map<String, NodeAddresses> addresses = new HashMap<>();

	private final Map<String, ConfigMapAuthorities> authorities = new HashMap<>();

	private final CurrentAccess access;

	/**
	 * Create a source.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param bootstrapKubeconfig the kubeconfig with the bootstrap credentials,
	 * {@code null} for none
	 * @param context the context to use, {@code null} for the current one; with a
	 * bootstrap kubeconfig it is one of that
	 * @param threads makes the threads, which exist only while requests are open and
	 * addresses or authorities are watched
	 * @param clock the clock
	 */
	public KubernetesSigners(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
			ThreadFactory threads, Clock clock) {
		this(kubeconfig, bootstrapKubeconfig, context, threads, clock, CONNECT_TIMEOUT);
	}

	KubernetesSigners(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
			ThreadFactory threads, Clock clock, Duration connectTimeout) {
		this.kubeconfig = kubeconfig;
		this.bootstrapKubeconfig = bootstrapKubeconfig;
		this.context = context;
		this.clock = clock;
		this.executor = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE.toSeconds(), TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads);
		this.access = new CurrentAccess(kubeconfig, bootstrapKubeconfig, context, clock, connectTimeout, this.executor,
				IDLE);
	}

	/**
	 * Return the signer for one attempt. Where there is no usable way to an API server,
	 * what is requested fails with a {@link KubernetesConfigurationException}.
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @return the signer
	 */
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return (request, progress) -> {
			CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
			CompletableFuture<List<X509Certificate>> answer = this.access.get(current).thenCompose((access) -> {
				CompletableFuture<List<X509Certificate>> requested = access.signer().request(request, progress);
				access.open().incrementAndGet();
				end.thenRun(() -> requested.cancel(true));
				return requested.whenComplete((chain, failure) -> this.access.returned(access, failure == null));
			});
			answer.whenComplete((chain, failure) -> end.complete(null));
			return answer;
		};
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
				(name) -> new NodeAddresses(name, () -> client(current.get()), this.executor, this.clock));
	}

	/**
	 * Return the authorities in a ConfigMap, which is watched with the client that the
	 * signers of the moment use.
	 * @param configMap the ConfigMap, as in {@code kube-root-ca.crt} for one of the
	 * context's namespace or the pod's, or {@code kube-system/kube-root-ca.crt}
	 * @param current the pair to authenticate with, as for
	 * {@link #signer(CertificatePair)}; asked for at each connection
	 * @return the authorities
	 * @throws KubernetesConfigurationException if there is no usable way to an API server
	 */
	public synchronized ConfigMapAuthorities authoritiesIn(String configMap,
			Supplier<@Nullable CertificatePair> current) {
		return this.authorities.computeIfAbsent(configMap, (name) -> {
			int slash = name.indexOf('/');
			String namespace = (slash >= 0) ? name.substring(0, slash)
					: Kubeconfigs.namespace(this.kubeconfig, (this.bootstrapKubeconfig != null) ? null : this.context);
			return new ConfigMapAuthorities(namespace, name.substring(slash + 1), () -> client(current.get()),
					this.executor, this.clock, PATIENCE);
		});
	}

	/** Waits for it, with a limit of time. */
	ApiClient client(@Nullable CertificatePair current) {
		try {
			return this.access.get(current).join().client();
		}
		catch (CompletionException ex) {
			throw (ex.getCause() instanceof RuntimeException cause) ? cause : ex;
		}
	}

	@Override
	public synchronized void close() {
		this.addresses.values().forEach(NodeAddresses::close);
		this.authorities.values().forEach(ConfigMapAuthorities::close);
		this.executor.shutdownNow();
		this.access.close();
	}

}
