package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import org.jspecify.annotations.Nullable;

/**
 * The content of the store, compared with the pair in use.
 *
 * @param state what is known
 * @param now the current time
 */
public record StoreView(State state, Instant now) {

	static final String STAYS_IN_USE = "; the last valid pair stays in use";

	/** What the store holds. */
	Content content() {
		Reading stored = this.state.stored();
		if (guardsStore() && stored.failure() != null && stored.failure().kind() == Kind.STORE) {
			return Content.DAMAGED;
		}
		CertificatePair pair = stored.pair();
		if (pair == null || pair.equals(this.state.pair()) || !counts(pair)) {
			boolean missing = guardsStore() && this.state.pair() != null
					&& (pair == null || stored.findings().isIncomplete());
			return missing ? Content.MISSING : Content.OURS;
		}
		return objection(pair).isEmpty() ? Content.OTHER : isForeign() ? Content.FOREIGN : Content.REFUSED;
	}

	/** In files, an expired pair stays: a restart finds nothing else. */
	private boolean counts(CertificatePair other) {
		boolean stays = !guardsStore() && this.state.current().isValid(this.now) && other.isExpired(this.now);
		return stays || isForeign() || other.isValid(this.now);
	}

	/** Whether our pair takes the place of what somebody else has stored. */
	boolean guardsStore() {
		return this.state.policy().shared() && !this.state.policy().off();
	}

	/** Whether replicas have not stored the pair that is stored, or have replaced it. */
	boolean isForeign() {
		return guardsStore() && this.state.stored().pair() != null
				&& !this.state.isByReplica(this.state.stored(), this.now);
	}

	/**
	 * Returns the other pair, if it is to be used. Two programs may store pairs in turn.
	 * @return {@code null} if there is none
	 */
	public @Nullable CertificatePair adoptable() {
		return (this.state.stored().failure() == null && content() == Content.OTHER && !isPaced())
				? this.state.stored().pair() : null;
	}

	private boolean isPaced() {
		return isForeign() && !this.state.repair().times(this.now).pause().isOver(this.now);
	}

	/** Whether our pair has to be stored again, now or after a pause. */
	boolean isToRestore() {
		Content content = content();
		return this.state.current().isValid(this.now)
				&& (content == Content.DAMAGED || (this.state.stored().failure() == null
						&& (content == Content.MISSING || content == Content.FOREIGN)));
	}

	/** The pause before our pair is stored again. */
	Pause repairPause() {
		Pause failed = this.state.repair().pause();
		return failed.isOver(this.now) ? this.state.repair().times(this.now).pause() : failed;
	}

	/** Whether the stored pair is one that no replica has stored, or that is not used. */
	boolean isToRepair() {
		CertificateTemplate template = this.state.template();
		return guardsStore() && switch (content()) {
			case DAMAGED, MISSING, FOREIGN, REFUSED -> true;
			case OTHER -> isPaced();
			// At a start, whatever is stored is in use
			case OURS -> this.state.stored().findings().deficiency() != null || (isForeign()
					&& this.state.pair() != null && template != null && !this.state.current().accepts(template));
		};
	}

	/**
	 * Returns the repairs of all replicas once something is written.
	 * @param stored those that are stored
	 * @param pairChanges whether another pair is written
	 * @return their times
	 */
	public List<Instant> repairTimes(List<Instant> stored, boolean pairChanges) {
		Repair.Times all = this.state.repair().all().and(stored, this.now);
		return ((pairChanges && isToRepair()) ? all.and(List.of(this.now), this.now) : all).times();
	}

	/** The pause before an attempt. */
	Pause pause(CertificateTemplate template) {
		Pause pause = this.state.pause(template);
		return !isToRepair() ? pause : switch (this.state.due().trigger()) {
			// A start waits for another pair
			case DAMAGED -> pause.or((this.state.stored().findings().deficiency() != null)
					? this.state.repair().times(this.now).longest() : this.state.repair().times(this.now).pause());
			case FIRST, TEMPLATE, EXPIRED, NOT_YET_VALID -> pause.or(this.state.repair().times(this.now).longest());
			case DEADLINE, REQUESTED, RESUMED -> pause;
		};
	}

	/** How another stored pair differs from a template that ours satisfies. */
	List<String> differences(CertificatePair stored) {
		CertificateTemplate template = this.state.template();
		return (this.state.policy().keepsValidPair() || template == null || !this.state.current().isValid(this.now)
				|| !this.state.current().accepts(template)) ? List.of() : template.differences(stored.leaf());
	}

	/**
	 * Why another stored pair is not used. One that does not satisfy the template is not
	 * used while ours does, unless a replica stored it: two programs that want different
	 * things of one file would rotate without end.
	 */
	Optional<String> objection(CertificatePair stored) {
		if (this.state.stored().issuerProblem() != null) {
			return Optional.of("is of an issuer that is not accepted here; it is not used: "
					+ this.state.stored().issuerProblem());
		}
		if (!stored.isValid(this.now)) {
			return Optional.of("is not valid now; it is not used");
		}
		if (this.state.repair().wasReplaced(stored)) {
			return Optional.of("was replaced before; it is not used");
		}
		List<String> differences = (this.state.stored().deadline() != null) ? List.of() : differences(stored);
		return differences.isEmpty() ? Optional.empty()
				: Optional.of("does not match the template; it is not used: " + String.join("; ", differences));
	}

	/**
	 * What is wrong with what is stored, {@code null} if nothing is.
	 */
	@Nullable String problem() {
		CertificateManagerException failure = this.state.stored().failure();
		if (failure != null) {
			return failure.getMessage() + effect(failure.kind());
		}
		return switch (content()) {
			case OURS, MISSING, DAMAGED -> this.state.stored().findings().deficiency();
			// Whether it is used is a decision
			case OTHER -> null;
			case REFUSED,
					FOREIGN ->
				"Another %s stored a pair that %s".formatted(
						this.state.isByReplica(this.state.stored(), this.now) ? "replica" : "program",
						objection(Objects.requireNonNull(this.state.stored().pair())).orElse(""));
		};
	}

	/** What it means that the store cannot be read. */
	private String effect(Kind kind) {
		if (this.state.pair() == null) {
			return "";
		}
		boolean lost = kind == Kind.STORE && !this.state.policy().shared();
		return STAYS_IN_USE + (lost
				? ". A restart finds only what is stored: repair it" + (this.state.policy().off() ? "" : ", or rotate")
				: "");
	}

	/** What the store holds. */
	enum Content {

		/** The pair in use, or nothing that counts. */
		OURS,

		/** Another pair, which can be used. */
		OTHER,

		/** Another pair, of a replica or in files, which is not used. */
		REFUSED,

		/** Another pair, which no replica has stored, and which is not used. */
		FOREIGN,

		/** The pair in use, or its authorities, is not there any more. */
		MISSING,

		/** What cannot be read, and may be replaced. */
		DAMAGED

	}

}
