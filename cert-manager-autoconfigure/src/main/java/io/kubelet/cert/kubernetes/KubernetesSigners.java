package io.kubelet.cert.kubernetes;

import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Dispatcher;
import org.jspecify.annotations.Nullable;

/**
 * Hands out signers that use an API server. The client is made at the first attempt, not
 * before: an application that needs no certificate yet does without it.
 */
public final class KubernetesSigners implements AutoCloseable {

	private static final long IDLE_SECONDS = 5;

	private final @Nullable Path kubeconfig;

	private final @Nullable String context;

	private final Clock clock;

	private final ExecutorService executor;

	private @Nullable ApiClient client;

	private @Nullable CertificateSigner signer;

	/**
	 * Create a source.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @param threads makes the threads, which exist only while requests are open
	 * @param clock the clock
	 */
	public KubernetesSigners(@Nullable Path kubeconfig, @Nullable String context, ThreadFactory threads, Clock clock) {
		this.kubeconfig = kubeconfig;
		this.context = context;
		this.clock = clock;
		this.executor = new ThreadPoolExecutor(0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads);
	}

	/**
	 * Return the signer for one attempt.
	 * @param current the pair to authenticate with, {@code null} if there is none
	 * @return the signer
	 * @throws KubernetesConfigurationException if there is no usable way to an API server
	 */
	public synchronized CertificateSigner signer(@Nullable CertificatePair current) {
		if (this.signer == null) {
			this.client = KubernetesClients.create(this.kubeconfig, this.context);
			this.client.setHttpClient(
					this.client.getHttpClient().newBuilder().dispatcher(new Dispatcher(this.executor)).build());
			this.signer = new KubernetesCertificateSigner(this.client, this.executor, this.clock);
		}
		return this.signer;
	}

	@Override
	public synchronized void close() {
		this.executor.shutdownNow();
		if (this.client != null) {
			this.client.getHttpClient().dispatcher().cancelAll();
			this.client.getHttpClient().connectionPool().evictAll();
		}
	}

}
