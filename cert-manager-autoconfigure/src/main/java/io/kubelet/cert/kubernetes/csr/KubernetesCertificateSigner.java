package io.kubelet.cert.kubernetes.csr;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubernetes.client.openapi.ApiClient;

/**
 * Sends requests to {@code certificates.k8s.io/v1}: one call creates the object, and one
 * watch waits for the answer. All pending requests share the watch, by a label.
 */
public final class KubernetesCertificateSigner implements CertificateSigner, AutoCloseable {

	private final ApiClient client;

	private final RequestWatches watches;

	private final Clock clock;

	/**
	 * Creates a signer with watches of its own.
	 * @param client the client of the API server
	 * @param executor runs the watches, each on a thread while requests are open
	 * @param clock the clock, which shows whether a certificate that is found has expired
	 */
	public KubernetesCertificateSigner(ApiClient client, Executor executor, Clock clock) {
		this(client, new RequestWatches(executor), clock);
	}

	KubernetesCertificateSigner(ApiClient client, RequestWatches watches, Clock clock) {
		this.client = client;
		this.watches = watches;
		this.clock = clock;
	}

	@Override
	public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		Exchange exchange = new Exchange(this.client, this.watches, this.clock, request, progress);
		String name = request.name();
		return (name != null && request.uid() != null) ? exchange.resume(name)
				: exchange.create(RequestObject.of(request, this.watches.requester()));
	}

	/** Ends the watches. Cancelling a call does not end a stream that is being read. */
	@Override
	public void close() {
		this.watches.close();
		this.client.getHttpClient().connectionPool().evictAll();
	}

}
