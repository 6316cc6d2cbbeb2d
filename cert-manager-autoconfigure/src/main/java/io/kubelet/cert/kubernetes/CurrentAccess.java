package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Interceptor;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * The access to the API server at the moment.
 * <p>
 * Without a bootstrap kubeconfig, the credentials are those of the kubeconfig. With one,
 * they are the pair that is current, and the bootstrap credentials only while there is
 * none that is valid: those are given up as soon as they have brought a certificate. A
 * client whose credentials are superseded, or that the server does not know any more
 * (401), is closed, and the next one reads them anew. So is one that is more than a
 * minute old once nobody waits with it: what a kubeconfig names, such as the token of a
 * plug-in, is good for a while only. Such a plug-in may hang: access is obtained on a
 * thread of its own, within a limit of time.
 */
final class CurrentAccess implements AutoCloseable {

	/** Certificates that rotate together share a client. */
	private static final Duration FRESH = Duration.ofMinutes(1);

	private final @Nullable Path kubeconfig;

	private final @Nullable Path bootstrapKubeconfig;

	private final @Nullable String context;

	private final Clock clock;

	private final Duration timeout;

	private final Duration idle;

	private final ExecutorService executor;

	private final Dispatcher dispatcher;

	/** Those of the past with which someone may still wait. */
	private final List<Access> superseded = new ArrayList<>();

	private @Nullable Access access;

	private @Nullable Connecting connecting;

	/**
	 * Create it; nothing is read yet.
	 * @param timeout how long it may take to have access
	 * @param executor runs the client's calls and watches; shut down by its owner
	 * @param idle how long connections are kept that nobody uses
	 */
	CurrentAccess(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context, Clock clock,
			Duration timeout, ExecutorService executor, Duration idle) {
		this.kubeconfig = kubeconfig;
		this.bootstrapKubeconfig = bootstrapKubeconfig;
		this.context = context;
		this.clock = clock;
		this.timeout = timeout;
		this.executor = executor;
		this.idle = idle;
		this.dispatcher = new Dispatcher(executor);
	}

	/** Who comes while it is had waits for the same: what hangs is not begun again. */
	synchronized CompletableFuture<Access> get(@Nullable CertificatePair current) {
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
			.connectionPool(new ConnectionPool(5, this.idle.toMillis(), TimeUnit.MILLISECONDS))
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

	/** What hangs is ended. */
	private Access failed(Connecting connecting, Throwable failure) {
		CredentialPlugIn plugIn = connecting.plugIn;
		if (plugIn != null) {
			plugIn.end();
		}
		if (!(failure instanceof TimeoutException)) {
			throw new CompletionException(failure);
		}
		String limit = "within " + this.timeout.toSeconds() + "s";
		Path named = (this.bootstrapKubeconfig != null) ? this.bootstrapKubeconfig : this.kubeconfig;
		throw new KubernetesConfigurationException((plugIn != null)
				? "%s did not end %s, and was ended. Run it by hand, as the user of this process, to see what it waits for"
					.formatted(plugIn, limit)
				: "What the kubeconfig%s names was not read %s: a disk or a network that it is on may hang"
					.formatted((named != null) ? " " + named : "", limit));
	}

	/**
	 * Take back an access that was waited with.
	 * @param issued whether it has brought a certificate
	 */
	synchronized void returned(Access access, boolean issued) {
		access.open.decrementAndGet();
		if (issued && this.bootstrapKubeconfig != null && access.pair == null && access.isIdle()) {
			supersede(access);
			this.superseded.remove(access);
			access.close();
		}
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

	private ApiClient connect(@Nullable CertificatePair pair, Consumer<CredentialPlugIn> plugIns) {
		Path bootstrap = this.bootstrapKubeconfig;
		if (bootstrap == null || this.kubeconfig == null) {
			return KubernetesClients.create(this.kubeconfig, this.context, plugIns);
		}
		CertificatePair credentials = (pair != null) ? pair
				: KubeconfigFile.read(this.kubeconfig, null).validClientCertificate(this.clock.instant()).orElse(null);
		if (credentials != null) {
			return KubernetesClients.createWithKeys(this.kubeconfig, null, ClientKeys.of(credentials));
		}
		if (!Files.exists(bootstrap)) {
			throw new KubernetesConfigurationException(
					"There is no valid client certificate, and no bootstrap kubeconfig %s to ask for one with (kubelet.cert.kubernetes.bootstrap-kubeconfig)"
						.formatted(bootstrap));
		}
		return KubernetesClients.create(bootstrap, this.context, plugIns);
	}

	/** After the executor, so that nobody comes any more. */
	@Override
	public synchronized void close() {
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
			.orTimeout(CurrentAccess.this.timeout.toMillis(), TimeUnit.MILLISECONDS)
			.exceptionally((failure) -> failed(this, failure));

		private volatile @Nullable CredentialPlugIn plugIn;

		Connecting(@Nullable CertificatePair pair) {
			this.pair = pair;
		}

		@Override
		public void run() {
			try {
				Access access = connected(this, connect(this.pair, this::runs));
				this.access.complete(access);
			}
			catch (KubernetesConfigurationException | Error ex) {
				fail(ex);
			}
			catch (Throwable ex) {
				// Not as its cause: its message may quote a credential
				KubernetesConfigurationException failure = new KubernetesConfigurationException(
						"What the kubeconfig names cannot be used (%s)".formatted(ex.getClass().getSimpleName()));
				failure.setStackTrace(ex.getStackTrace());
				fail(failure);
			}
		}

		private void fail(Throwable failure) {
			ended(this);
			this.access.completeExceptionally(failure);
		}

		/** It may have been given up before the plug-in was known. */
		private void runs(CredentialPlugIn plugIn) {
			this.plugIn = plugIn;
			if (this.access.isDone()) {
				plugIn.end();
			}
		}

	}

	/** A client, its signer, and how many wait with it. */
	record Access(@Nullable CertificatePair pair, Instant made, ApiClient client, KubernetesCertificateSigner signer,
			AtomicInteger open) {

		/** Whether nobody waits. */
		boolean isIdle() {
			return this.open.get() == 0;
		}

		void close() {
			this.signer.close();
		}

	}

}
