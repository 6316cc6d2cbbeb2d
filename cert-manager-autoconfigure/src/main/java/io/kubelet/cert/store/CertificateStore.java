package io.kubelet.cert.store;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;

/**
 * The port to the place where the current pair and the pending request of one certificate
 * are stored. Every method throws {@link StoreException} if the store cannot be read or
 * written. One thread at a time calls it.
 */
public interface CertificateStore {

	/**
	 * Returns the current pair. It must be cheap if nothing has changed: it is called at
	 * least once a minute, or every 10 seconds if rotation is off, so that a pair that
	 * another program has stored is noticed.
	 * @return the pair, expired or not; empty if none is stored yet
	 */
	Optional<CertificatePair> current();

	/**
	 * Makes a pair the current one. When the method returns, the pair is current and
	 * safely stored; if it throws, the old one is still current.
	 * @param pair the pair
	 */
	void update(CertificatePair pair);

	/**
	 * Returns the request that is waiting for its certificate.
	 * @return the request; empty if there is none, or if it is damaged
	 */
	Optional<PendingRequest> pendingRequest();

	/**
	 * Stores a request, in place of the one that is stored.
	 * @param request the request
	 */
	void savePendingRequest(PendingRequest request);

	/**
	 * Deletes a request. Nothing happens if another one is stored.
	 * @param request the request
	 */
	void deletePendingRequest(PendingRequest request);

}
