package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The current pair, in memory and in the store. Used on the certificate's serial executor
 * only, except for {@link #get()}.
 */
final class CurrentPair {

	private static final Logger logger = LoggerFactory.getLogger(CurrentPair.class);

	private final RotationSettings settings;

	private final StoreSession store;

	private final BiConsumer<@Nullable CertificatePair, CertificatePair> replaced;

	private volatile @Nullable CertificatePair pair;

	private Instant heldSince = Instant.MIN;

	private final Due due;

	/** What is wrong with the stored pair. */
	private @Nullable String problem;

	/**
	 * Without a valid pair of an issuer that is accepted in the store, a bootstrap pair
	 * is used and stored, and a rotation is due with the first review.
	 * @param replaced called on the serial executor with the old and the new pair
	 */
	CurrentPair(RotationSettings settings, StoreSession store,
			BiConsumer<@Nullable CertificatePair, CertificatePair> replaced, @Nullable CertificatePair bootstrap,
			Instant now) {
		this.settings = settings;
		this.store = store;
		this.replaced = replaced;
		this.due = new Due(settings);
		CertificatePair found = store.get().pair();
		CertificatePair last = (found != null && issuerProblem(found, now).isPresent()) ? null : found;
		boolean usable = last != null && last.isValid(now);
		if (usable || bootstrap == null) {
			hold(last, store.get().deadline());
		}
		else {
			hold(bootstrap, null);
			this.due.demand(Due.invalidity(last, now));
			try {
				store.write((stored) -> stored.withPair(bootstrap, null));
			}
			catch (StoreException ex) {
				RotationLog.notStored(this.settings, bootstrap, ex);
			}
		}
	}

	/** The last pair, expired or not. */
	@Nullable CertificatePair get() {
		return this.pair;
	}

	/** Since when the pair has been in use. */
	Instant heldSince() {
		return this.heldSince;
	}

	/** What is wrong with the stored pair, {@code null} if nothing is. */
	@Nullable String problem() {
		return this.problem;
	}

	/** When the rotation of the pair is due. */
	Due due() {
		return this.due;
	}

	/**
	 * Uses an issued pair, which was stored, perhaps with fewer authorities.
	 * @param answered the request that it answers
	 * @param wanted the template, which may give way to that of the request
	 */
	void use(CertificatePair pair, PendingRequest answered, CertificateTemplate wanted) {
		CertificatePair stored = this.store.get().pair();
		swap((stored != null) ? stored : pair, this.store.get().deadline());
		if (!wanted.equals(answered.request().template()) && !wanted.isSatisfiedBy(pair.leaf())) {
			this.due.giveWay(pair, wanted, this.heldSince);
		}
	}

	/** Whoever can write to a shared store could have us use any pair. */
	private Optional<String> issuerProblem(CertificatePair stored, Instant now) {
		return this.store.isShared() ? this.settings.check().issuerProblem(stored, now) : Optional.empty();
	}

	/**
	 * Takes a pair that another program has stored, if it is valid. One that does not
	 * satisfy the template is not taken while ours does, unless it is that of a replica,
	 * which has a deadline: two programs that want different things of one file would
	 * rotate without end. In a shared store, it is replaced.
	 * @return the pair that was taken, {@code null} if none was
	 */
	@Nullable CertificatePair adoptStored(@Nullable CertificateTemplate template, Instant now) {
		if (!read()) {
			return null;
		}
		CertificatePair stored = this.store.get().pair();
		Instant deadline = this.store.get().deadline();
		if (stored == null || stored.equals(this.pair) || !stored.isValid(now)) {
			noteAuthorities(stored, deadline);
			return null;
		}
		List<String> differences = differences(stored, template, now);
		boolean byReplica = deadline != null;
		Optional<String> refusal = issuerProblem(stored, now)
			.map("is of an issuer that is not accepted here; it is not used: "::concat)
			.or(() -> (differences.isEmpty() || byReplica) ? Optional.empty()
					: Optional.of("does not match the template; it is not used: " + String.join("; ", differences)));
		if (refusal.isPresent()) {
			if (this.store.isShared()) {
				this.due.demand(Trigger.DAMAGED);
			}
			reportOnce(RotationLog.about(this.settings, logger.atWarn(), stored),
					"Another %s stored a pair that ".formatted(byReplica ? "replica" : "program") + refusal.get());
			return null;
		}
		RotationLog.adopted(this.settings, stored, byReplica, differences);
		swap(stored, deadline);
		if (!differences.isEmpty() && template != null) {
			this.due.giveWay(stored, template, this.heldSince);
		}
		noteAuthorities(stored, deadline);
		return stored;
	}

	/**
	 * That others are stored with the same pair is no rotation, unless they are missing.
	 */
	private void noteAuthorities(@Nullable CertificatePair stored, @Nullable Instant deadline) {
		CertificatePair pair = this.pair;
		if (stored != null && pair != null && stored.equals(pair) && !stored.authorities().equals(pair.authorities())) {
			this.pair = stored;
			this.settings.store().keep(stored, deadline);
		}
		String deficiency = this.store.deficiency().orElse(null);
		if (deficiency == null) {
			this.problem = null;
			return;
		}
		this.due.demand(Trigger.DAMAGED);
		reportOnce(RotationLog.about(this.settings, logger.atWarn()), deficiency);
	}

	/** Returns whether the store could be read. */
	private boolean read() {
		try {
			this.store.read();
			return true;
		}
		catch (StoreException ex) {
			if (ex.kind() == Kind.UNAVAILABLE || ex instanceof ConflictException) {
				return false;
			}
			String effect = (this.pair != null) ? "; the last valid pair stays in use" : "";
			if (ex.kind() == Kind.STORE && this.store.isShared()) {
				this.due.demand(Trigger.DAMAGED);
			}
			else if (ex.kind() == Kind.STORE && this.pair != null) {
				effect += ". A restart finds only what is stored: repair it"
						+ (this.settings.off() ? "" : ", or rotate");
			}
			reportOnce(RotationLog.about(this.settings, logger.atError()), ex.getMessage() + effect);
			return false;
		}
	}

	private void reportOnce(LoggingEventBuilder entry, String problem) {
		if (!problem.equals(this.problem)) {
			this.problem = problem;
			entry.log("[{}] {}", problem);
		}
	}

	/** How a stored pair differs from a template that ours satisfies. */
	private List<String> differences(CertificatePair stored, @Nullable CertificateTemplate template, Instant now) {
		CertificatePair pair = this.pair;
		return (this.settings.keepsValidPair() || template == null || pair == null || !pair.isValid(now)
				|| !this.due.accepts(pair, template)) ? List.of() : template.differences(stored.leaf());
	}

	private void swap(CertificatePair pair, @Nullable Instant deadline) {
		CertificatePair previous = this.pair;
		this.problem = null;
		hold(pair, deadline);
		this.replaced.accept(previous, pair);
	}

	private void hold(@Nullable CertificatePair pair, @Nullable Instant deadline) {
		this.pair = pair;
		this.heldSince = this.settings.clock().instant();
		if (pair != null) {
			this.settings.store().keep(pair, deadline);
			this.due.scheduled(this.settings.deadline(pair, deadline));
			if (!KeySpecification.isStrongEnough(pair.leaf().getPublicKey())) {
				RotationLog.weakKey(this.settings, pair);
			}
		}
	}

}
