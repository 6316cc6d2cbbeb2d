package io.kubelet.cert.rotation.engine;

import java.time.Duration;
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
import io.kubelet.cert.rotation.internal.StoreSession;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The current pair, in memory and in the store. Used on the certificate's serial executor
 * only, except for {@link #get()}.
 */
final class CurrentPair {

	private static final Logger logger = LoggerFactory.getLogger(CurrentPair.class);

	private static final String STAYS_IN_USE = "; the last valid pair stays in use";

	private final RotationSettings settings;

	private final StoreSession store;

	private final BiConsumer<@Nullable CertificatePair, CertificatePair> replaced;

	private volatile @Nullable CertificatePair pair;

	private Instant heldSince = Instant.MIN;

	private final Due due;

	/** That of all replicas. */
	private @Nullable Instant deadline;

	private final PairRepair repair;

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
		this.repair = new PairRepair(settings, store);
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
		return this.repair.problem();
	}

	/** Repairs of what somebody else has stored. */
	PairRepair repair() {
		return this.repair;
	}

	/** When the rotation of the pair is due. */
	Due due() {
		return this.due;
	}

	/**
	 * Uses an issued pair, which was stored, perhaps with fewer authorities.
	 * @param answered the request that it answers
	 * @param wanted the template, which may give way to that of the request
	 * @param ahead how far the clock here was ahead, {@code null} if that is not known
	 */
	void use(CertificatePair pair, PendingRequest answered, CertificateTemplate wanted, @Nullable Duration ahead) {
		CertificatePair stored = this.store.get().pair();
		swap((stored != null) ? stored : pair, this.store.get().deadline());
		if (!wanted.equals(answered.request().template()) && !wanted.isSatisfiedBy(pair.leaf())) {
			this.due.giveWay(pair, wanted, this.heldSince);
		}
		this.due.came(pair, ahead, this.heldSince);
	}

	/** Whoever can write to a shared store could have us use any pair. */
	private Optional<String> issuerProblem(CertificatePair stored, Instant now) {
		return this.store.isShared() ? this.settings.check().issuerProblem(stored, now) : Optional.empty();
	}

	/**
	 * Takes a pair that another program has stored, if it is valid. One that does not
	 * satisfy the template is not taken while ours does, unless it is that of a replica,
	 * which has a deadline: two programs that want different things of one file would
	 * rotate without end. In a shared store, ours takes its place again.
	 * @return the pair that was taken, {@code null} if none was
	 */
	@Nullable CertificatePair adoptStored(@Nullable CertificateTemplate template, Instant now) {
		if (!read(now)) {
			return null;
		}
		this.store.noteToRepair(false);
		Stored stored = this.store.get();
		CertificatePair found = stored.pair();
		if (found != null && this.pair != null && PairRepair.isByReplica(stored)) {
			this.repair.readmit(found, this.pair);
		}
		if (found == null || found.equals(this.pair) || !(found.isValid(now) || this.repair.isForeign(stored))) {
			this.due.end(Trigger.DAMAGED);
			if (this.store.deficiency().isEmpty()) {
				this.repair.notNeeded();
			}
			noteAuthorities(found);
			reviewOurs(stored, template, now);
			return null;
		}
		List<String> differences = differences(found, template, now);
		Optional<String> refusal = refusal(stored, found, differences, now);
		if (refusal.isPresent()) {
			this.repair.report(RotationLog.about(this.settings, logger.atWarn(), found),
					"Another %s stored a pair that ".formatted(PairRepair.isByReplica(stored) ? "replica" : "program")
							+ refusal.get());
			replace(stored, now);
			return null;
		}
		return this.repair.mayAdopt(stored, now) ? adopt(found, stored.deadline(), differences, template) : null;
	}

	/** What is stored is ours, or nothing. */
	private void reviewOurs(Stored stored, @Nullable CertificateTemplate template, Instant now) {
		CertificatePair pair = this.pair;
		if (pair != null && this.repair.isEnabled()) {
			if (stored.pair() == null || this.store.lacksAuthorities()) {
				this.repair.restore(this.pair, this.deadline, now);
			}
			else if (this.repair.isForeign(stored) && template != null) {
				// At a start, whatever is stored is in use
				this.store.noteToRepair(this.store.isToRepair() || !this.due.accepts(pair, template));
			}
		}
	}

	/** Why a pair is not used, as a clause, empty if it may be. */
	private Optional<String> refusal(Stored stored, CertificatePair found, List<String> differences, Instant now) {
		Optional<String> issuerProblem = issuerProblem(found, now);
		if (issuerProblem.isPresent()) {
			return issuerProblem.map("is of an issuer that is not accepted here; it is not used: "::concat);
		}
		if (!found.isValid(now)) {
			return Optional.of("is not valid now; it is not used");
		}
		if (this.repair.wasReplaced(found)) {
			return Optional.of("was replaced before; it is not used");
		}
		return (differences.isEmpty() || PairRepair.isByReplica(stored)) ? Optional.empty()
				: Optional.of("does not match the template; it is not used: " + String.join("; ", differences));
	}

	/** To put ours in the place of that of a replica would have no end. */
	private void replace(Stored stored, Instant now) {
		if (this.repair.isForeign(stored)) {
			this.repair.restore(this.pair, this.deadline, now);
		}
		else if (this.repair.isEnabled()) {
			this.store.noteToRepair(true);
			this.due.demand(Trigger.DAMAGED);
		}
	}

	private CertificatePair adopt(CertificatePair found, @Nullable Instant deadline, List<String> differences,
			@Nullable CertificateTemplate template) {
		CertificatePair before = this.pair;
		RotationLog.adopted(this.settings, found, deadline != null, differences);
		swap(found, deadline);
		if (before != null) {
			this.due.replaced(before, this.heldSince);
		}
		if (!differences.isEmpty() && template != null) {
			this.due.giveWay(found, template, this.heldSince);
		}
		noteAuthorities(found);
		return found;
	}

	/**
	 * That others are stored with the same pair is no rotation, unless they are missing.
	 */
	private void noteAuthorities(@Nullable CertificatePair stored) {
		CertificatePair pair = this.pair;
		if (stored != null && pair != null && stored.equals(pair) && !stored.authorities().equals(pair.authorities())) {
			this.pair = stored;
			this.settings.store().keep(stored);
		}
		this.store.deficiency().ifPresent((deficiency) -> {
			this.store.noteToRepair(true);
			this.due.demand(Trigger.DAMAGED);
			this.repair.report(RotationLog.about(this.settings, logger.atWarn()), deficiency);
		});
	}

	/** Returns whether the store could be read. */
	private boolean read(Instant now) {
		try {
			this.store.read();
			return true;
		}
		catch (StoreException ex) {
			if (ex.kind() == Kind.UNAVAILABLE || ex instanceof ConflictException) {
				return false;
			}
			String effect = (this.pair != null) ? STAYS_IN_USE : "";
			if (ex.kind() == Kind.STORE && !this.store.isShared() && this.pair != null) {
				effect += ". A restart finds only what is stored: repair it"
						+ (this.settings.off() ? "" : ", or rotate");
			}
			this.repair.report(RotationLog.about(this.settings, logger.atError()), ex.getMessage() + effect);
			if (ex.kind() == Kind.STORE && this.repair.isEnabled()) {
				this.repair.restore(this.pair, this.deadline, now);
			}
			return false;
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
		if (previous != null && deadline != null) {
			this.repair.replaced(previous);
		}
		this.repair.notNeeded();
		hold(pair, deadline);
		this.replaced.accept(previous, pair);
	}

	private void hold(@Nullable CertificatePair pair, @Nullable Instant deadline) {
		this.pair = pair;
		this.deadline = deadline;
		this.heldSince = this.settings.clock().instant();
		if (pair != null) {
			this.settings.store().keep(pair);
			this.store.use(pair);
			this.due.scheduled(this.settings.deadline(pair, deadline));
			if (!KeySpecification.isStrongEnough(pair.leaf().getPublicKey())) {
				RotationLog.weakKey(this.settings, pair);
			}
		}
	}

}
