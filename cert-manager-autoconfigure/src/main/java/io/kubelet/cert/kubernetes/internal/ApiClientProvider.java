package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Interceptor;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Provides the current client. Nothing is read before it is needed.
 * <p>
 * Without a bootstrap kubeconfig, the client authenticates with the credentials of the
 * kubeconfig. With one, it authenticates with the current pair, and with the bootstrap
 * credentials only if there is no valid pair; the bootstrap credentials are dropped as
 * soon as they have obtained a certificate. The next call creates another client, and
 * reads the credentials again, when the pair has changed, when a file was replaced that
 * the client was created from, when the server has not accepted the credentials (401),
 * and when those of a credential plug-in have expired. So it does when the client is more
 * than a minute old and no request waits for its answer, if a credential plug-in or a
 * certificate to bootstrap with was used. What has begun goes on with the client that it
 * has begun with. A credential plug-in may hang, so a client is created on a thread of
 * its own and within a time limit.
 */
public final class ApiClientProvider implements AutoCloseable {

	/** Certificates that rotate within this time share what a plug-in has printed. */
	private static final Duration FRESH = Duration.ofMinutes(1);

	private static final long IDLE_SECONDS = 5;

	private final AccessFiles files;

	private final FileChanges changes;

	private final Clock clock;

	private final ExecutorService executor;

	private final Dispatcher dispatcher;

	private @Nullable Access access;

	/**
	 * Creates a provider. Nothing is read yet.
	 * @param kubeconfig the kubeconfig
	 * @param bootstrapKubeconfig the kubeconfig with the bootstrap credentials,
	 * {@code null} if there is none
	 * @param context the context of the bootstrap kubeconfig, {@code null} for its
	 * current one
	 * @param threads creates the threads, which exist only while there is something to
	 * wait for
	 * @param changes tells when files may have changed
	 * @param clock the clock
	 */
	public ApiClientProvider(KubeconfigSource kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
			ThreadFactory threads, FileChanges changes, Clock clock) {
		this.files = new AccessFiles(kubeconfig, bootstrapKubeconfig, context, clock);
		this.changes = changes;
		this.clock = clock;
		this.executor = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads);
		this.dispatcher = new Dispatcher(this.executor);
		// There is only one host: with a higher total limit, each call would search the
		// queue
		this.dispatcher.setMaxRequests(this.dispatcher.getMaxRequestsPerHost());
	}

	/**
	 * Returns the executor of everything that waits for the API server.
	 * @return the executor, which is shut down when this is closed
	 */
	public ExecutorService executor() {
		return this.executor;
	}

	/**
	 * Does work with the current client. The client is not replaced because of its age
	 * before the work is done. If there is no usable way to an API server, the result is
	 * a {@link KubernetesConfigurationException}.
	 * @param <T> the type of the result
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @param work the work; its success means that a certificate was obtained
	 * @return the result; cancelling it cancels the work. After the end, there is none
	 */
	public <T> CompletableFuture<T> use(@Nullable CertificatePair current,
			Function<ApiClient, CompletableFuture<T>> work) {
		if (this.executor.isShutdown()) {
			return new CompletableFuture<>();
		}
		CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
		Access access = get(current);
		CompletableFuture<T> result = access.client.thenCompose((client) -> {
			CompletableFuture<T> working = work.apply(client);
			access.users.incrementAndGet();
			end.thenRun(() -> working.cancel(true));
			return working.whenComplete((obtained, failure) -> returned(access, failure == null));
		});
		result.whenComplete((obtained, failure) -> end.complete(null));
		return result;
	}

	/**
	 * Returns a supplier of the current client, which waits until the client is created.
	 * @param current supplies the pair to authenticate with, as for {@link #use}
	 * @return the supplier, which throws a {@link KubernetesConfigurationException}
	 */
	public Supplier<ApiClient> supplier(Supplier<@Nullable CertificatePair> current) {
		return () -> {
			try {
				return get(current.get()).client.join();
			}
			catch (CompletionException ex) {
				throw (ex.getCause() instanceof RuntimeException cause) ? cause : ex;
			}
		};
	}

	/** Concurrent callers share an attempt, so a plug-in that hangs runs only once. */
	private synchronized Access get(@Nullable CertificatePair current) {
		CertificatePair pair = this.files.canBootstrap() ? current : null;
		Access access = this.access;
		if (access != null && Objects.equals(access.pair, pair) && !isStale(access)) {
			return access;
		}
		Access next = new Access(pair);
		this.executor.execute(next);
		if (access != null) {
			supersede(access);
		}
		this.access = next;
		return next;
	}

	/** A clock that was set back does not make an access last longer. */
	private boolean isStale(Access access) {
		Instant now = this.clock.instant();
		return access.replaced || access.sources.hasExpired(now) || access.sources.isExpiring()
				&& access.users.get() == 0 && Duration.between(access.created, now).abs().compareTo(FRESH) > 0;
	}

	/** Bootstrap credentials are dropped once they have brought a certificate. */
	private synchronized void returned(Access access, boolean obtained) {
		if (access.users.decrementAndGet() == 0 && obtained && this.files.canBootstrap() && access.pair == null) {
			supersede(access);
		}
	}

	/** Calls in progress continue; connections are closed once they are idle. */
	private synchronized void supersede(Access access) {
		access.client.thenAccept((client) -> {
			access.unfollow.run();
			client.getHttpClient().connectionPool().evictAll();
		});
		if (this.access == access) {
			this.access = null;
		}
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
		this.dispatcher.cancelAll();
		synchronized (this) {
			if (this.access != null) {
				this.access.client.cancel(true);
				supersede(this.access);
			}
		}
	}

	/** A client, from the attempt to create it on. */
	private final class Access implements Runnable {

		private final @Nullable CertificatePair pair;

		private final CompletableFuture<ApiClient> client = new CompletableFuture<>();

		private final Instant created = ApiClientProvider.this.clock.instant();

		private final AtomicInteger users = new AtomicInteger();

		private final ClientSources sources = new ClientSources();

		/** Whether a file was replaced that the client was created from. */
		private volatile boolean replaced;

		private volatile Runnable unfollow = () -> {
		};

		Access(@Nullable CertificatePair pair) {
			this.pair = pair;
		}

		/**
		 * After a failure, even if the callers were not waiting any more, the next one
		 * tries again.
		 */
		@Override
		public void run() {
			try {
				ApiClient client = ApiClientProvider.this.files.connect(this.pair, this.sources);
				client.setHttpClient(client.getHttpClient()
					.newBuilder()
					.dispatcher(ApiClientProvider.this.dispatcher)
					.connectionPool(new ConnectionPool(5, IDLE_SECONDS, TimeUnit.SECONDS))
					.addInterceptor(this::discardIfUnauthorized)
					.build());
				this.unfollow = this.sources.follow(ApiClientProvider.this.changes, () -> this.replaced = true);
				if (!this.client.complete(client)) {
					this.unfollow.run();
				}
			}
			catch (Throwable ex) {
				supersede(this);
				this.client.completeExceptionally(ex);
			}
		}

		/** Credentials that the server does not accept may have been replaced since. */
		private Response discardIfUnauthorized(Interceptor.Chain chain) throws IOException {
			Response response = chain.proceed(chain.request());
			if (response.code() == 401) {
				supersede(this);
			}
			return response;
		}

	}

}
