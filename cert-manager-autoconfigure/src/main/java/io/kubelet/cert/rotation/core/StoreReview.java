package io.kubelet.cert.rotation.core;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.jspecify.annotations.Nullable;

/**
 * What follows from a reading of the store: whether a rotation is due for it, and what is
 * wrong with it.
 */
final class StoreReview {

	private static final String STAYS_IN_USE = "; the last valid pair stays in use";

	private StoreReview() {
	}

	/** The store was read, as far as possible. */
	static void observe(NextState next, Reading reading) {
		next.store(reading);
		CertificateManagerException failure = reading.failure();
		if (failure != null) {
			cannotRead(next, failure);
			return;
		}
		CertificatePair stored = reading.pair();
		CertificatePair pair = next.current.pair();
		if (stored != null && pair != null && reading.deadline() != null) {
			next.repair = next.repair.readmitting(stored, pair);
		}
		State state = next.state();
		if (!state.isToRestore(next.now)) {
			next.repair = next.repair.done();
		}
		CertificatePair other = state.other(next.now);
		if (other == null) {
			next.due = next.due.without(Trigger.DAMAGED);
			next.report(null);
			next.reviewAuthorities();
			return;
		}
		String objection = state.objection(other, next.now).orElse(null);
		if (objection != null && state.repairs() && !state.isForeign()) {
			// To put ours in the place of that of a replica would have no end
			next.due = next.due.demanding(Trigger.DAMAGED);
		}
		next.report((objection == null) ? null
				: "Another %s stored a pair that ".formatted((reading.deadline() != null) ? "replica" : "program")
						+ objection);
	}

	private static void cannotRead(NextState next, CertificateManagerException failure) {
		if (failure.kind() == Kind.UNAVAILABLE) {
			return;
		}
		String effect = (next.current.pair() != null) ? STAYS_IN_USE : "";
		if (failure.kind() == Kind.STORE && !next.policy.shared() && next.current.pair() != null) {
			effect += ". A restart finds only what is stored: repair it" + (next.policy.off() ? "" : ", or rotate");
		}
		next.report(failure.getMessage() + effect);
	}

	/**
	 * The pair in use could not be stored again, since another replica was faster, or
	 * not.
	 */
	static void notRestored(NextState next, @Nullable String problem) {
		if (problem == null) {
			next.repair = next.repair.conflicted(next.now);
			return;
		}
		next.repair = next.repair.failed(problem + STAYS_IN_USE, next.now);
		next.report(null);
	}

}
