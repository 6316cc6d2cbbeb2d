package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
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
 * The current pair, in memory and in the store, and when its rotation is due. Used on the
 * certificate's serial executor only, except for {@link #get()}.
 */
final class CurrentPair {

	private static final Logger logger = LoggerFactory.getLogger(CurrentPair.class);

	/** How long a template gives way to that of a replica, which may have ended. */
	private static final Duration GIVES_WAY = Duration.ofHours(1);

	private final RotationSettings settings;

	private final LastStored store;

	private final BiConsumer<@Nullable CertificatePair, CertificatePair> replaced;

	private volatile @Nullable CertificatePair pair;

	private Instant scheduled = Instant.MIN;

	/** The deadline of all replicas, {@code null} if it is not known. */
	private @Nullable Instant agreed;

	private Instant heldSince = Instant.MIN;

	/** Since when a rotation is due for another reason than the lifetime. */
	private @Nullable Instant dueSince;

	/** Why a rotation is due that neither the lifetime nor the template asks for. */
	private @Nullable Trigger dueFor;

	/** For which the pair is used. It may give way to that of another replica. */
	private @Nullable CertificateTemplate accepted;

	/** What is wrong with the stored pair. */
	private @Nullable String problem;

	/**
	 * Without a valid pair of an issuer that is accepted in the store, a bootstrap pair
	 * is used and stored, and a rotation is due with the first review.
	 * @param replaced called on the serial executor with the old and the new pair
	 */
	CurrentPair(RotationSettings settings, LastStored store,
			BiConsumer<@Nullable CertificatePair, CertificatePair> replaced, @Nullable CertificatePair bootstrap,
			Instant now) {
		this.settings = settings;
		this.store = store;
		this.replaced = replaced;
		CertificatePair found = store.get().pair();
		CertificatePair last = (found != null && issuerProblem(found, now).isPresent()) ? null : found;
		boolean usable = last != null && last.isValid(now);
		this.dueFor = usable ? null : invalidity(last, now);
		if (usable || bootstrap == null) {
			hold(last, store.get().deadline());
		}
		else {
			hold(bootstrap, null);
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

	/** Makes a rotation due with the next review, however long the pair is valid. */
	void makeDue(Trigger trigger) {
		this.dueFor = (this.dueFor != null) ? this.dueFor : trigger;
	}

	/** The request that made a rotation due is over. */
	void endResumption() {
		this.dueFor = (this.dueFor == Trigger.RESUMED) ? null : this.dueFor;
	}

	/**
	 * Takes an issued pair: stores it, then uses it.
	 * @param answered the request that it answers
	 * @param ends whether the request is over with that
	 * @param checked the template that it was checked against
	 * @return {@code false} if another replica has stored an answer
	 */
	boolean replace(CertificatePair pair, PendingRequest answered, boolean ends, CertificateTemplate checked) {
		Instant deadline = this.store.isShared() ? this.settings.deadline(pair, null) : null;
		if (!this.store.write(answered,
				(stored) -> (ends ? stored.withPending(null) : stored).withPair(pair, deadline))) {
			return false;
		}
		swap(pair, deadline);
		accept(checked, checked.equals(answered.request().template()) || checked.isSatisfiedBy(pair.leaf()));
		return true;
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
		if (stored != null && stored.equals(this.pair) && deadline != null && this.agreed == null) {
			// As when it was found in a copy before the store could be read
			schedule(stored, deadline);
		}
		if (stored == null || stored.equals(this.pair) || !stored.isValid(now)) {
			reportOnce(this.settings.about(logger.atInfo()), null);
			return null;
		}
		List<String> differences = differences(stored, template, now);
		boolean byReplica = this.store.isShared() && deadline != null;
		Optional<String> refusal = issuerProblem(stored, now)
			.map("is of an issuer that is not accepted here; it is not used: "::concat)
			.or(() -> (differences.isEmpty() || byReplica) ? Optional.empty()
					: Optional.of("does not match the template; it is not used: " + String.join("; ", differences)));
		if (refusal.isPresent()) {
			if (this.store.isShared()) {
				makeDue(Trigger.DAMAGED);
			}
			reportOnce(this.settings.about(logger.atWarn(), stored),
					"Another %s stored a pair that ".formatted(byReplica ? "replica" : "program") + refusal.get());
			return null;
		}
		RotationLog.adopted(this.settings, stored, byReplica, differences);
		swap(stored, deadline);
		if (!differences.isEmpty() && template != null) {
			accept(template, false);
		}
		return stored;
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
			if (ex.kind() == Kind.STORE && this.store.isShared()) {
				makeDue(Trigger.DAMAGED);
			}
			reportOnce(this.settings.about(logger.atError()), RotationLog.unreadable(this.settings, ex, this.dueFor));
			return false;
		}
	}

	/** Notes that the pair is used for a template, which gives way if not satisfied. */
	private void accept(CertificateTemplate template, boolean satisfied) {
		CertificatePair pair = this.pair;
		this.accepted = template;
		if (!satisfied && pair != null) {
			Instant halfway = this.scheduled.plus(Duration.between(this.scheduled, pair.notAfter()).dividedBy(2));
			this.scheduled = Collections.min(List.of(halfway, this.heldSince.plus(GIVES_WAY)));
		}
	}

	private void reportOnce(LoggingEventBuilder entry, @Nullable String problem) {
		if (!Objects.equals(problem, this.problem)) {
			this.problem = problem;
			entry.log("[{}] {}", (problem != null) ? problem : "The problem with the stored pair is over");
		}
	}

	/** How a stored pair differs from our template, or from the last that was known. */
	private List<String> differences(CertificatePair stored, @Nullable CertificateTemplate known, Instant now) {
		CertificatePair pair = this.pair;
		CertificateTemplate template = (known != null) ? known : this.accepted;
		return (this.settings.once() || template == null || pair == null || !pair.isValid(now)
				|| !accepts(pair, template)) ? List.of() : template.differences(stored.leaf());
	}

	/**
	 * Notes whether a rotation is due before the scheduled deadline: it was made due,
	 * there is no valid pair, or the pair does not satisfy the template.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
		CertificatePair pair = this.pair;
		if (this.dueFor == null && pair != null && pair.isValid(now)) {
			if (this.settings.once() || template == null || accepts(pair, template)) {
				this.dueSince = null;
				return;
			}
			if (this.dueSince == null) {
				RotationLog.outdated(this.settings, pair, template);
			}
		}
		if (this.dueSince == null || this.dueSince.isAfter(now)) {
			this.dueSince = now;
		}
	}

	/**
	 * When the rotation is due, as of the last review: as scheduled, or since there is
	 * another reason; the end of time if a valid pair is not to be rotated.
	 */
	Instant deadline() {
		return (this.dueSince != null) ? this.dueSince : this.settings.once() ? Instant.MAX : this.scheduled;
	}

	/** Why a rotation is due, as of the last review. */
	Trigger trigger(Instant now) {
		CertificatePair pair = this.pair;
		return (pair == null || !pair.isValid(now)) ? invalidity(pair, now)
				: (this.dueFor != null) ? this.dueFor : (this.dueSince != null) ? Trigger.TEMPLATE : Trigger.DEADLINE;
	}

	private static Trigger invalidity(@Nullable CertificatePair pair, Instant now) {
		return (pair == null) ? Trigger.FIRST : pair.isExpired(now) ? Trigger.EXPIRED : Trigger.NOT_YET_VALID;
	}

	/** The last answer is kept, since a watched template is compared each second. */
	private boolean accepts(CertificatePair pair, CertificateTemplate template) {
		if (!template.equals(this.accepted) && template.isSatisfiedBy(pair.leaf())) {
			this.accepted = template;
		}
		return template.equals(this.accepted);
	}

	private void swap(CertificatePair pair, @Nullable Instant deadline) {
		CertificatePair previous = this.pair;
		this.problem = null;
		this.dueFor = null;
		hold(pair, deadline);
		this.replaced.accept(previous, pair);
	}

	private void hold(@Nullable CertificatePair pair, @Nullable Instant deadline) {
		this.pair = pair;
		this.heldSince = this.settings.clock().instant();
		this.accepted = null;
		this.dueSince = null;
		if (pair != null) {
			schedule(pair, deadline);
			if (!KeySpecification.isStrongEnough(pair.leaf().getPublicKey())) {
				RotationLog.weakKey(this.settings, pair);
			}
		}
	}

	/** With the deadline of all replicas, {@code null} if there is none. */
	private void schedule(CertificatePair pair, @Nullable Instant deadline) {
		this.agreed = deadline;
		this.scheduled = this.settings.deadline(pair, deadline);
		this.store.keep(pair, deadline);
	}

}
