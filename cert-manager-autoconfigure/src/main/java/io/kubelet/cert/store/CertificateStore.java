package io.kubelet.cert.store;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;

/**
 * The port to where the current pair and the open request of one certificate are kept.
 * Every method throws {@link StoreException} when the store cannot be read or written. It
 * is called from one thread at a time.
 */
public interface CertificateStore {

	/**
	 * Return the current pair. Cheap when nothing has changed: it is asked at least once
	 * a minute, every 10 seconds if rotation is off, and each second if the template is
	 * watched, so that a pair that another program has stored is noticed (contract rows
	 * B9 and C28).
	 * @return the pair, expired or not; empty if none is stored yet
	 */
	Optional<CertificatePair> current();

	/**
	 * Make a pair the current one. It is current, whole and safely stored when the method
	 * returns; if it throws, the old one still is.
	 * @param pair the pair
	 */
	void update(CertificatePair pair);

	/**
	 * Return the request that is waiting for its certificate.
	 * @return the request; empty if there is none, or none that can be read
	 */
	Optional<CertificateRequest> openRequest();

	/**
	 * Keep a request, in place of the one that is kept.
	 * @param request the request
	 */
	void saveOpenRequest(CertificateRequest request);

	/**
	 * Forget a request. Nothing happens if another one is kept.
	 * @param request the request
	 */
	void deleteOpenRequest(CertificateRequest request);

}
