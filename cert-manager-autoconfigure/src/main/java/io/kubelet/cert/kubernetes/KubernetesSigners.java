package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Interceptor;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Hands out signers that use an API server. A client is made when it is first needed: an
 * application that needs no certificate yet does without it.
 * <p>
 * Without a bootstrap kubeconfig, the credentials are those of the kubeconfig. With one,
 * they are the pair that is current, and the bootstrap credentials only while there is
 * none that is valid (contract rows C22 and B11). A client whose credentials are
 * superseded, or that the server does not know any more (401), is closed (B12), and the
 * next one reads them anew. So is one that is more than a minute old once nobody waits
 * with it: what a kubeconfig names, such as a token of an exec plug-in, is good for a
 * while only. Such a plug-in may hang: access is had on a thread of its own, within a
 * limit of time.
 */
public final class KubernetesSigners implements AutoCloseable {

	private static final int IDLE_SECONDS = 5;

	/** Certificates that rotate together share a client. */
	private static final Duration FRESH = Duration.ofMinutes(1);

	/** How long an application that starts waits for the authorities to trust. */
	private static final Duration PATIENCE = Duration.ofSeconds(30);

	/** Less than an application waits when it starts, so that it can say the reason. */
	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

	private final @Nullable Path kubeconfig;

	private final @Nullable Path bootstrapKubeconfig;

	private final @Nullable String context;

	private final Clock clock;

	private final Duration connectTimeout;

	private final ExecutorService executor;

	private final Map<String, NodeAddresses> addresses = new HashMap<>();

	private final Map<String, ConfigMapAuthorities> authorities = new HashMap<>();

	private final Dispatcher dispatcher;

	/** Those of the past with which someone may still wait. */
	private final List<Access> superseded = new ArrayList<>();

	private @Nullable Access access;

	private @Nullable Connecting connecting;

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
		this.connectTimeout = connectTimeout;
		this.executor = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads);
		this.dispatcher = new Dispatcher(this.executor);
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
			CompletableFuture<List<X509Certificate>> answer = access(current).thenCompose((access) -> {
				CompletableFuture<List<X509Certificate>> requested = access.signer.request(request, progress);
				access.open.incrementAndGet();
				end.thenRun(() -> requested.cancel(true));
				return requested.whenComplete((chain, failure) -> access.open.decrementAndGet());
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
	private ApiClient client(@Nullable CertificatePair current) {
		try {
			return access(current).join().client;
		}
		catch (CompletionException ex) {
			throw (ex.getCause() instanceof RuntimeException cause) ? cause : ex;
		}
	}

	/** Who comes while it is had waits for the same: what hangs is not begun again. */
	private synchronized CompletableFuture<Access> access(@Nullable CertificatePair current) {
		CertificatePair pair = (this.bootstrapKubeconfig != null) ? current : null;
		Access access = this.access;
		if (access != null && Objects.equals(access.pair, pair) && !isStale(access)) {
			return CompletableFuture.completedFuture(access);
		}
		Connecting connecting = this.connecting;
		if (connecting == null || !Objects.equals(connecting.pair, pair)) {
			connecting = new Connecting(pair);
			this.executor.execute(connecting);
			this.connecting = connecting;
		}
		return connecting.outcome;
	}

	private synchronized Access connected(Connecting connecting, ApiClient client) {
		client.setHttpClient(client.getHttpClient()
			.newBuilder()
			.dispatcher(this.dispatcher)
			.connectionPool(new ConnectionPool(5, IDLE_SECONDS, TimeUnit.SECONDS))
			.addInterceptor((chain) -> discardWhenRefused(client, chain))
			.build());
		Access access = new Access(connecting.pair, this.clock.instant(), client,
				new KubernetesCertificateSigner(client, this.executor, this.clock), new AtomicInteger());
		ended(connecting);
		if (!connecting.access.isDone()) {
			supersede(this.access);
			this.access = access;
		}
		return access;
	}

	private synchronized void ended(Connecting connecting) {
		if (this.connecting == connecting) {
			this.connecting = null;
		}
	}

	private Access failed(Throwable failure) {
		if (!(failure instanceof TimeoutException || failure instanceof CancellationException)) {
			throw new CompletionException(failure);
		}
		Path named = (this.bootstrapKubeconfig != null) ? this.bootstrapKubeconfig : this.kubeconfig;
		try {
			CredentialPlugIns.end(Kubeconfigs.find(named), this.context);
		}
		catch (RuntimeException ex) {
			failure.addSuppressed(ex);
		}
		throw (failure instanceof CancellationException closed) ? closed : new KubernetesConfigurationException(
				"The kubeconfig%s gave no access to the API server within %d s: a credential plug-in that it names may hang"
					.formatted((named != null) ? " " + named : "", this.connectTimeout.toSeconds()),
				failure);
	}

	/** A clock that was set back does not make an access last longer. */
	private boolean isStale(Access access) {
		return access.isIdle() && Duration.between(access.made, this.clock.instant()).abs().compareTo(FRESH) > 0;
	}

	/**
	 * Credentials that the server does not know any more may have been replaced; requests
	 * learn of it, and watches.
	 */
	private Response discardWhenRefused(ApiClient client, Interceptor.Chain chain) throws IOException {
		Response answer = chain.proceed(chain.request());
		if (answer.code() == 401) {
			discard(client);
		}
		return answer;
	}

	private synchronized void discard(ApiClient client) {
		Access access = this.access;
		if (access != null && access.client == client) {
			supersede(access);
		}
	}

	/** Who waits with it goes on to, but nobody begins with it any more. */
	private synchronized void supersede(@Nullable Access access) {
		if (access == null || access != this.access) {
			return;
		}
		this.superseded.stream().filter(Access::isIdle).forEach(Access::close);
		this.superseded.removeIf(Access::isIdle);
		this.superseded.add(access);
		access.client.getHttpClient().connectionPool().evictAll();
		this.access = null;
	}

	private ApiClient connect(@Nullable CertificatePair pair) {
		Path bootstrap = this.bootstrapKubeconfig;
		if (bootstrap == null || this.kubeconfig == null) {
			return KubernetesClients.create(this.kubeconfig, this.context);
		}
		CertificatePair credentials = (pair != null) ? pair
				: KubeconfigFile.read(this.kubeconfig, null).clientCertificate(this.clock.instant()).orElse(null);
		if (credentials != null) {
			return KubernetesClients.createWithKeys(this.kubeconfig, null, ClientKeys.of(credentials));
		}
		if (!Files.exists(bootstrap)) {
			throw new KubernetesConfigurationException(
					"There is no valid client certificate, and no bootstrap kubeconfig %s to ask for one with (kubelet.cert.kubernetes.bootstrap-kubeconfig)"
						.formatted(bootstrap),
					null);
		}
		return KubernetesClients.create(bootstrap, this.context);
	}

	@Override
	public synchronized void close() {
		this.addresses.values().forEach(NodeAddresses::close);
		this.authorities.values().forEach(ConfigMapAuthorities::close);
		this.executor.shutdownNow();
		this.dispatcher.cancelAll();
		supersede(this.access);
		this.superseded.forEach(Access::close);
		if (this.connecting != null) {
			this.connecting.access.cancel(true);
		}
	}

	/** An access that is being had. */
	private final class Connecting implements Runnable {

		private final @Nullable CertificatePair pair;

		private final CompletableFuture<Access> access = new CompletableFuture<>();

		/** What those who wait are told. */
		private final CompletableFuture<Access> outcome = this.access
			.orTimeout(KubernetesSigners.this.connectTimeout.toMillis(), TimeUnit.MILLISECONDS)
			.exceptionally(KubernetesSigners.this::failed);

		Connecting(@Nullable CertificatePair pair) {
			this.pair = pair;
		}

		@Override
		public void run() {
			try {
				Access access = connected(this, connect(this.pair));
				this.access.complete(access);
			}
			catch (Throwable ex) {
				ended(this);
				this.access.completeExceptionally(ex);
			}
		}

	}

	private record Access(@Nullable CertificatePair pair, Instant made, ApiClient client,
			KubernetesCertificateSigner signer, AtomicInteger open) {

		/** Whether nobody waits. */
		boolean isIdle() {
			return this.open.get() == 0;
		}

		void close() {
			this.signer.close();
		}

	}

}
