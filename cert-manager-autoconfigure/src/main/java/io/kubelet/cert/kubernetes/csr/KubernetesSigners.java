package io.kubelet.cert.kubernetes.csr;

import java.time.Clock;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.kubernetes.CurrentAccess;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.request.CertificateSigner;
import org.jspecify.annotations.Nullable;

/**
 * Provides signers that use the API server through the current client.
 */
public final class KubernetesSigners implements AutoCloseable {

	private final CurrentAccess access;

	private final RequestWatches watches;

	private final Clock clock;

	/**
	 * Creates it.
	 * @param access provides the client; closed with this
	 * @param clock the clock
	 */
	public KubernetesSigners(CurrentAccess access, Clock clock) {
		this.access = access;
		this.watches = new RequestWatches(access.executor());
		this.clock = clock;
	}

	/**
	 * Returns the signer for one attempt. If there is no usable way to an API server, a
	 * request fails with a {@link KubernetesConfigurationException}.
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @return the signer
	 */
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return (request, progress) -> this.access.use(current,
				(client) -> new KubernetesCertificateSigner(client, this.watches, this.clock).request(request,
						progress));
	}

	/** Ends the watches too: cancelling a call does not end a stream that is read. */
	@Override
	public void close() {
		this.access.close();
		this.watches.close();
	}

}
