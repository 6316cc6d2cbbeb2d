package io.kubelet.cert.kubernetes.internal.secret;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of the pair in a Secret, for starts without the API server, if there is one.
 *
 * @param certificate the certificate
 * @param place where the pair is, for the log
 * @param store holds the copy, {@code null} if there is none
 * @param authorities knows which authorities of the pair count
 */
record PairCopy(SharedCertificate certificate, Object place, @Nullable CertificateStore store,
		StoredAuthorities authorities) {

	private static final Logger logger = LoggerFactory.getLogger(PairCopy.class);

	/** Returns the pair, nothing if it cannot be read. */
	Stored read() {
		try {
			CertificatePair pair = (this.store != null) ? this.store.read().pair() : null;
			return (pair != null) ? Stored.NOTHING.withPair(this.authorities.add(pair, pair.authorities()), null)
					: Stored.NOTHING;
		}
		catch (StoreException ex) {
			return Stored.NOTHING;
		}
	}

	/** Stores a pair unless it is the copy. */
	void write(CertificatePair pair) {
		if (this.store == null || pair.equals(read().pair())) {
			return;
		}
		try {
			this.store.write(Stored.NOTHING.withPair(pair, null));
		}
		catch (StoreException ex) {
			logger.warn("[{}] {}. The pair is in {}, but a start without the API server does not find it",
					this.certificate.name(), ex.getMessage(), this.place);
		}
	}

}
