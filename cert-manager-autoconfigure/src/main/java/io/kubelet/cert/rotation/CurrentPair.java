package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pair that is current, in memory and in the store, and when it is to be rotated.
 */
final class CurrentPair {

	private static final Logger logger = LoggerFactory.getLogger(CurrentPair.class);

	private static final Duration UNAVAILABLE_AFTER = Duration.ofMinutes(5);

	private final RotationSettings settings;

	private final CertificateStore store;

	private final DoubleSupplier random;

	private final Listeners listeners;

	private volatile @Nullable CertificatePair pair;

	private Instant scheduled = Instant.MIN;

	/** A template that the pair satisfies. */
	private @Nullable CertificateTemplate satisfied;

	private @Nullable PassedOver passedOver;

	private @Nullable Instant dueSince;

	private boolean forced;

	private boolean overdueTold;

	private boolean expiredTold;

	private @Nullable Instant invalidSince;

	private boolean unavailableTold;

	private String storeProblem = "";

	/** Contract row C2. */
	CurrentPair(RotationSettings settings, CertificateStore store, DoubleSupplier random, Listeners listeners,
			@Nullable CertificatePair bootstrap, Instant now) {
		this.settings = settings;
		this.store = store;
		this.random = random;
		this.listeners = listeners;
		CertificatePair stored = store.current().orElse(null);
		boolean usable = stored != null && !stored.isExpired(now);
		hold((!usable && bootstrap != null) ? bootstrap : stored);
		this.forced = !usable;
		if (!usable && bootstrap != null) {
			try {
				store.update(bootstrap);
			}
			catch (StoreException ex) {
				logger.warn("[{}] The bootstrap pair is used, but not stored: {}", settings.name(), ex.getMessage());
			}
		}
	}

	/** The last pair, expired or not. */
	@Nullable CertificatePair get() {
		return this.pair;
	}

	void force() {
		this.forced = true;
	}

	/** Take a pair that was issued: store it, then use it. */
	void replace(CertificatePair pair) {
		this.store.update(pair);
		this.forced = false;
		swap(pair);
	}

	/**
	 * Take a pair that another program has stored, if it is valid (contract row B9). One
	 * that does not satisfy the template makes no way for itself where ours does: two
	 * programs that want different things of one file would rotate without end.
	 */
	void adoptStored(@Nullable CertificateTemplate template, Instant now) {
		try {
			CertificatePair stored = this.store.current().orElse(null);
			this.storeProblem = "";
			if (stored != null && !stored.equals(this.pair) && isValid(stored, now)
					&& !passesOver(stored, template, now)) {
				logger.info("[{}] Another program stored a pair, which is used now: {}", this.settings.name(), stored);
				this.forced = false;
				swap(stored);
			}
		}
		catch (StoreException ex) {
			if (!this.storeProblem.equals(ex.getMessage())) {
				this.storeProblem = String.valueOf(ex.getMessage());
				logger.error("[{}] {}; the last valid pair stays in use", this.settings.name(), ex.getMessage());
			}
		}
	}

	private static boolean isValid(CertificatePair pair, Instant now) {
		return !pair.isExpired(now) && !pair.notBefore().isAfter(now.plus(IssuedCertificateCheck.CLOCK_SKEW));
	}

	/** While the template is not known, what ours satisfied last stands for it. */
	private boolean passesOver(CertificatePair stored, @Nullable CertificateTemplate known, Instant now) {
		CertificatePair pair = this.pair;
		CertificateTemplate template = (known != null) ? known : this.satisfied;
		if (template == null || pair == null || pair.isExpired(now) || !satisfies(pair, template)) {
			return false;
		}
		PassedOver candidate = new PassedOver(stored, template);
		if (!candidate.equals(this.passedOver)) {
			List<String> differences = template.differences(stored.leaf());
			if (differences.isEmpty()) {
				return false;
			}
			this.passedOver = candidate;
			logger.warn("[{}] Another program stored a pair that does not say what it should, and is not used: {}",
					this.settings.name(), differences);
		}
		return true;
	}

	/**
	 * When the rotation is due (contract row C5): as scheduled, or since the moment at
	 * which it was noticed that the pair does not do; the end of time if a valid pair is
	 * not to be rotated.
	 */
	Instant deadline(@Nullable CertificateTemplate template, Instant now) {
		CertificatePair pair = this.pair;
		if (!this.forced && pair != null && !pair.isExpired(now)) {
			if (this.settings.once()) {
				return Instant.MAX;
			}
			if (template == null || satisfies(pair, template)) {
				this.dueSince = null;
				return this.scheduled;
			}
			if (this.dueSince == null) {
				logger.info("[{}] The certificate does not say what it should, and is to be rotated: {}",
						this.settings.name(), template.differences(pair.leaf()));
			}
		}
		if (this.dueSince == null || this.dueSince.isAfter(now)) {
			this.dueSince = now;
		}
		return this.dueSince;
	}

	/** The last answer is kept, since a watched template is asked about each second. */
	private boolean satisfies(CertificatePair pair, CertificateTemplate template) {
		if (!template.equals(this.satisfied) && template.isSatisfiedBy(pair.leaf())) {
			this.satisfied = template;
		}
		return template.equals(this.satisfied);
	}

	/** Tell, once each, what is not as it should be. */
	void announce(boolean serverHealthy, Instant now) {
		CertificatePair pair = this.pair;
		announceUnavailable(pair == null || pair.isExpired(now), serverHealthy, now);
		if (pair == null) {
			return;
		}
		if (!this.overdueTold && now.isAfter(this.settings.window().end(pair))) {
			this.overdueTold = true;
			logger.warn("[{}] The certificate should have been rotated by now; it expires at {}", this.settings.name(),
					pair.notAfter());
			this.listeners.tell((listener) -> listener.overdue(this.settings.name(), pair));
		}
		if (!this.expiredTold && pair.isExpired(now)) {
			this.expiredTold = true;
			logger.error("[{}] The certificate expired at {}", this.settings.name(), pair.notAfter());
			this.listeners.tell((listener) -> listener.expired(this.settings.name(), pair));
		}
	}

	/** Contract row C27. */
	boolean isUnavailable() {
		return this.unavailableTold;
	}

	private void announceUnavailable(boolean invalid, boolean serverHealthy, Instant now) {
		if (!invalid) {
			this.invalidSince = null;
			this.unavailableTold = false;
			return;
		}
		if (this.invalidSince == null || this.invalidSince.isAfter(now)) {
			this.invalidSince = now;
		}
		if (serverHealthy && !this.unavailableTold
				&& Duration.between(this.invalidSince, now).compareTo(UNAVAILABLE_AFTER) > 0) {
			this.unavailableTold = true;
			logger.error("[{}] There has been no valid certificate since {}, although the API server is healthy",
					this.settings.name(), this.invalidSince);
			this.listeners.tell((listener) -> listener.unavailable(this.settings.name()));
		}
	}

	private void swap(CertificatePair pair) {
		CertificatePair previous = this.pair;
		hold(pair);
		this.listeners.tell((listener) -> listener.rotated(this.settings.name(), previous, pair));
	}

	private void hold(@Nullable CertificatePair pair) {
		this.pair = pair;
		this.satisfied = null;
		this.dueSince = null;
		this.overdueTold = false;
		this.expiredTold = false;
		if (pair != null) {
			this.scheduled = this.settings.window().deadline(pair, this.random.getAsDouble());
		}
	}

	private record PassedOver(CertificatePair pair, CertificateTemplate template) {

	}

}
