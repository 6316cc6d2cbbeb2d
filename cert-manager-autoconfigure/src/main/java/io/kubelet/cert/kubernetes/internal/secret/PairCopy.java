package io.kubelet.cert.kubernetes.internal.secret;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of the pair in a Secret, for starts without the API server, if there is one.
 */
final class PairCopy {

	private static final Logger logger = LoggerFactory.getLogger(PairCopy.class);

	private final SharedCertificate certificate;

	private final Object place;

	private final @Nullable CertificateStore store;

	private final StoredAuthorities authorities;

	private volatile @Nullable String problem;

	/** The pair of which that was reported. */
	private @Nullable CertificatePair missing;

	/**
	 * Creates a copy.
	 * @param certificate the certificate
	 * @param place where the pair is, for messages
	 * @param store holds the copy, {@code null} if there is none
	 * @param authorities knows which authorities of the pair count
	 */
	PairCopy(SharedCertificate certificate, Object place, @Nullable CertificateStore store,
			StoredAuthorities authorities) {
		this.certificate = certificate;
		this.place = place;
		this.store = store;
		this.authorities = authorities;
	}

	/** Returns why the current pair has no copy, empty if nothing is wrong. */
	Optional<String> problem() {
		return Optional.ofNullable(this.problem);
	}

	/** Returns the pair, nothing if it cannot be read. */
	Stored read() {
		try {
			CertificatePair pair = (this.store != null) ? this.store.read().pair() : null;
			return (pair != null) ? Stored.NOTHING.withPair(this.authorities.counting(pair), null) : Stored.NOTHING;
		}
		catch (StoreException ex) {
			return Stored.NOTHING;
		}
	}

	/**
	 * Stores a pair unless it is the copy. That it cannot be is reported once for each
	 * pair: the next failure may name another temporary file.
	 */
	void write(CertificatePair pair) {
		try {
			if (this.store != null && !pair.isIdenticalTo(read().pair())) {
				this.store.write(Stored.NOTHING.withPair(pair, null));
			}
			this.problem = null;
			this.missing = null;
		}
		catch (StoreException ex) {
			if (!pair.equals(this.missing)) {
				String problem = "%s. The pair is in %s, but a start without the API server does not find it"
					.formatted(ex.getMessage(), this.place);
				logger.warn("[{}] {}", this.certificate.name(), problem);
				this.problem = problem;
				this.missing = pair;
			}
		}
	}

}
