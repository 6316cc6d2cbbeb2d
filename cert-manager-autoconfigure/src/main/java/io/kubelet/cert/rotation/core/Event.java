package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import org.jspecify.annotations.Nullable;

/**
 * Something that has happened to a certificate.
 */
public interface Event {

	/** Changes what is known. */
	void apply(NextState next);

	/**
	 * The store was read, and the template was asked for.
	 *
	 * @param reading what is stored
	 * @param template the template, {@code null} while it is not known
	 * @param waitingFor what has to become known before that, {@code null} if that is
	 * unknown
	 * @param requested whether a caller still waits for a rotation, if one did
	 */
	record Observed(Reading reading, @Nullable CertificateTemplate template, @Nullable String waitingFor,
			boolean requested) implements Event {

		@Override
		public void apply(NextState next) {
			next.requested = next.requested && this.requested;
			next.template = this.template;
			next.waitingFor = this.waitingFor;
			StoreView.observe(next, this.reading);
		}

	}

	/** A caller requests a rotation. */
	record Demanded() implements Event {

		@Override
		public void apply(NextState next) {
			next.requested = true;
			next.failures = next.failures.withoutPause();
		}

	}

	/**
	 * The application waits for its first certificate.
	 *
	 * @param end when it gives up
	 */
	record Awaited(Instant end) implements Event {

		@Override
		public void apply(NextState next) {
			next.await(this.end);
		}

	}

	/**
	 * A new request was stored, and is about to be sent.
	 *
	 * @param request the request
	 * @param reading what is stored now
	 */
	record Created(PendingRequest request, Reading reading) implements Event {

		@Override
		public void apply(NextState next) {
			// In files, what is stored may be the request of another process, which it
			// has sent
			PendingRequest replaced = next.policy.shared() ? next.stored.pending()
					: (next.pending != null) ? next.pending.request() : null;
			if (replaced != null) {
				next.leave(replaced);
			}
			next.store(this.reading);
			next.pending = new Pending(this.request, Pending.Stage.OURS, null, next.now, null, null);
			next.others = next.others.stored();
		}

	}

	/**
	 * The pending request was stored again, since it is to replace another pair, and is
	 * about to be sent.
	 *
	 * @param request the request
	 * @param reading what is stored now
	 */
	record StoredAgain(PendingRequest request, Reading reading) implements Event {

		@Override
		public void apply(NextState next) {
			next.store(this.reading);
			next.pending = (next.pending != null) ? next.pending.storedAgain(this.request) : null;
		}

	}

	/**
	 * A request could not be stored, since another replica has stored something first.
	 */
	record Conflicted() implements Event {

		@Override
		public void apply(NextState next) {
			next.attempt = null;
			next.others = next.others.conflicts(next.others.conflicts() + 1).wait(next.now, next.random);
		}

	}

	/**
	 * The object of the pending request was created or found, or has changed.
	 *
	 * @param object the object
	 */
	record Submitted(SubmittedRequest object) implements Event {

		@Override
		public void apply(NextState next) {
			next.past = next.past.seen(this.object.interruption().isEmpty());
			next.pending = (next.pending != null) ? next.pending.seen(this.object, next.now) : null;
		}

	}

	/**
	 * The time that an attempt waits is over.
	 *
	 * @param attempt its number
	 */
	record TimedOut(int attempt) implements Event {

		@Override
		public void apply(NextState next) {
			if (next.attempt != null && next.attempt.number() == this.attempt) {
				next.attempt = next.attempt.over();
			}
		}

	}

	/**
	 * A certificate was issued and checked, and its pair is stored.
	 *
	 * @param pair the pair
	 * @param additionalNames the names in the certificate that were not requested
	 * @param reading what is stored now
	 */
	record Issued(CertificatePair pair, List<String> additionalNames, Reading reading) implements Event {

		@Override
		public void apply(NextState next) {
			next.store(this.reading);
			next.issued(this.pair, this.additionalNames);
		}

	}

	/**
	 * Something else was written.
	 *
	 * @param reading what is stored now
	 */
	record Written(Reading reading) implements Event {

		@Override
		public void apply(NextState next) {
			next.store(this.reading);
		}

	}

	/**
	 * The pair in use is stored again.
	 *
	 * @param reading what is stored now
	 */
	record Restored(Reading reading) implements Event {

		@Override
		public void apply(NextState next) {
			next.store(this.reading);
			next.repair = next.repair.done();
			next.report(null);
		}

	}

	/**
	 * The pair in use could not be stored again.
	 *
	 * @param problem what is wrong, {@code null} if another replica was faster
	 */
	record NotRestored(@Nullable String problem) implements Event {

		@Override
		public void apply(NextState next) {
			if (this.problem == null) {
				next.repair = next.repair.conflicted(next.now);
				return;
			}
			next.repair = next.repair.failed(this.problem + StoreView.STAYS_IN_USE, next.now);
			next.report(null);
		}

	}

	/** Another replica has stored an answer to the same request first. */
	record Overtaken() implements Event {

		@Override
		public void apply(NextState next) {
			next.attempt = null;
		}

	}

	/**
	 * The deletion of a request that is over has ended. If it is still stored, it is
	 * deleted again later.
	 *
	 * @param request the request
	 * @param reading what is stored now
	 */
	record Withdrawn(PendingRequest request, Reading reading) implements Event {

		@Override
		public void apply(NextState next) {
			next.store(this.reading);
			boolean failed = this.reading.holds(this.request);
			next.leaving = next.leaving.stream()
				.filter((leaving) -> failed || !leaving.isFor(this.request))
				.map((leaving) -> leaving.isFor(this.request) ? leaving.failed(next.now) : leaving)
				.toList();
		}

	}

}
