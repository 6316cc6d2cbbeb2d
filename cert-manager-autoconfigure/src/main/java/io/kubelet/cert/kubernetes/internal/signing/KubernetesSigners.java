package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import org.jspecify.annotations.Nullable;

/**
 * Provides signers that use an API of the cluster: one call creates the object of a
 * request, and a watch, which several pending requests share, waits for the answer.
 */
public final class KubernetesSigners implements AutoCloseable {

	private final SigningApi api;

	private final ApiClientProvider clients;

	private final RequestWatches watches;

	private final Deletions deletions;

	private final Clock clock;

	private KubernetesSigners(SigningApi api, ApiClientProvider clients, Clock clock) {
		this.api = api;
		this.clients = clients;
		this.watches = new RequestWatches(api.path(), clients.executor());
		this.deletions = new Deletions(api, clients);
		this.clock = clock;
	}

	/**
	 * Creates signers that use the CertificateSigningRequest API.
	 * @param clients provides the client
	 * @param clock the clock, which shows whether a certificate that is found has expired
	 * @return the signers
	 */
	public static KubernetesSigners ofKubernetes(ApiClientProvider clients, Clock clock) {
		return new KubernetesSigners(new CertificateSigningRequests(), clients, clock);
	}

	/**
	 * Creates signers that use cert-manager's CertificateRequest API.
	 * @param namespace the namespace of the requests
	 * @param annotations the annotations of the requests, which configure some issuers
	 * @param clients provides the client
	 * @param clock the clock, which shows whether a certificate that is found has expired
	 * @return the signers
	 */
	public static KubernetesSigners ofCertManager(String namespace, Map<String, String> annotations,
			ApiClientProvider clients, Clock clock) {
		return new KubernetesSigners(new CertManagerRequests(namespace, annotations), clients, clock);
	}

	/**
	 * Returns the signer for one attempt. If there is no usable way to an API server, a
	 * request fails with a {@link KubernetesConfigurationException}.
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @return the signer
	 */
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return new CertificateSigner() {

			@Override
			public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
					Consumer<SubmittedRequest> progress) {
				return exchange(current, request, progress, true);
			}

			@Override
			public CompletableFuture<List<X509Certificate>> join(CertificateRequest request,
					Consumer<SubmittedRequest> progress) {
				return exchange(current, request, progress, false);
			}

			@Override
			public void look(CertificateRequest request) {
				KubernetesSigners.this.watches.look(request);
			}

			@Override
			public boolean keepsObjects() {
				return KubernetesSigners.this.api.keepsObjects();
			}

			@Override
			public CompletableFuture<?> discard(CertificateRequest request) {
				return KubernetesSigners.this.deletions.delete(request, current);
			}

		};
	}

	private CompletableFuture<List<X509Certificate>> exchange(@Nullable CertificatePair current,
			CertificateRequest request, Consumer<SubmittedRequest> progress, boolean creates) {
		return this.clients.use(current,
				(client) -> new CsrExchange(this.api, client, this.watches, this.clock, request, progress)
					.begin(creates));
	}

	/** Ends the watches: cancelling a call does not end a stream that is being read. */
	@Override
	public void close() {
		this.watches.close();
	}

}
