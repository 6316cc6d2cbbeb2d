package io.kubelet.cert.rotation.core;

import java.util.Objects;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.StoreView.Content;

/**
 * What follows from a reading of the store: whether a rotation is due for it, and what is
 * wrong with it.
 */
final class StoreReview {

	static final String STAYS_IN_USE = "; the last valid pair stays in use";

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
		StoreView view = new StoreView(next.state(), next.now);
		if (!view.isToRestore()) {
			next.repair = next.repair.done();
		}
		Content content = view.content();
		switch (content) {
			case OURS, MISSING, DAMAGED -> {
				next.due = next.due.without(Trigger.DAMAGED);
				next.report(null);
				next.reviewAuthorities();
			}
			case OTHER -> next.report(null);
			case REFUSED, FOREIGN -> {
				if (content == Content.REFUSED && next.policy.shared() && !next.policy.off()) {
					// To put ours in the place of that of a replica would have no end
					next.due = next.due.demanding(Trigger.DAMAGED);
				}
				String writer = (reading.deadline() != null) ? "replica" : "program";
				next.report(view.objection(Objects.requireNonNull(stored))
					.map("Another %s stored a pair that ".formatted(writer)::concat)
					.orElse(null));
			}
		}
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

}
