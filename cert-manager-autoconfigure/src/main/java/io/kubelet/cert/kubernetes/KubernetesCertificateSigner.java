package io.kubelet.cert.kubernetes;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestSpec;
import io.kubernetes.client.openapi.models.V1ObjectMeta;

/**
 * Has requests answered through {@code certificates.k8s.io/v1}: one request creates the
 * object, one watch waits for the answer. All requests that are open at a time share the
 * watch; they carry a label for it.
 */
public final class KubernetesCertificateSigner implements CertificateSigner {

	private final ApiClient client;

	private final Clock clock;

	private final ApiFailures failures;

	private final RequestWatches watches;

	private final Map<String, String> labels = Map.of(Selector.LABEL, UUID.randomUUID().toString());

	/**
	 * Create a signer.
	 * @param client the client that speaks to the API server
	 * @param executor runs the watches, one after all: a thread while requests are open
	 * @param clock tells whether a certificate that is found has expired
	 */
	public KubernetesCertificateSigner(ApiClient client, Executor executor, Clock clock) {
		this.client = client;
		this.clock = clock;
		this.failures = new ApiFailures(client.getBasePath(), clock);
		this.watches = new RequestWatches(client, executor, clock);
	}

	@Override
	public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		Exchange exchange = new Exchange(this.client, this.watches, this.failures, this.clock, request, progress);
		String name = request.name();
		return (name != null && request.uid() != null) ? exchange.resume(name) : exchange.create(object(request));
	}

	/**
	 * End the watches: a stream that is being read is no call that could be cancelled.
	 */
	void close() {
		this.watches.close();
		this.client.getHttpClient().connectionPool().evictAll();
	}

	/** Contract row C19. */
	private V1CertificateSigningRequest object(CertificateRequest request) {
		V1ObjectMeta metadata = new V1ObjectMeta().labels(this.labels);
		if (request.name() != null) {
			metadata.setName(request.name());
		}
		else {
			metadata.setGenerateName("csr-");
		}
		V1CertificateSigningRequestSpec spec = new V1CertificateSigningRequestSpec()
			.request(request.pkcs10().getBytes(StandardCharsets.US_ASCII))
			.signerName(request.signerName())
			.usages(request.usages().stream().map(Usage::value).toList());
		if (request.requestedLifetime() != null) {
			spec.setExpirationSeconds((int) request.requestedLifetime().toSeconds());
		}
		return new V1CertificateSigningRequest().apiVersion("certificates.k8s.io/v1")
			.kind("CertificateSigningRequest")
			.metadata(metadata)
			.spec(spec);
	}

}
