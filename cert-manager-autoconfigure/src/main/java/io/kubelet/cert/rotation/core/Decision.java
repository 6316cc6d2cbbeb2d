package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.rotation.core.Pending.Leaving;

/**
 * What to do next. Each step but {@link Wait} is also an event: that it is done, or has
 * begun, is part of what is known.
 */
public sealed interface Decision {

	/**
	 * Wait until something happens.
	 *
	 * @param until when there may be something to do although nothing happens
	 */
	record Wait(Instant until) implements Decision {

	}

	/** Do something. */
	sealed interface Step extends Decision, Transitions.Event {

	}

	/**
	 * Use the pair that another program or replica has stored.
	 *
	 * @param pair the pair
	 * @param differences how it differs from our template, if that of a replica does
	 */
	record Adopt(CertificatePair pair, List<String> differences) implements Step {

		@Override
		public void apply(Transitions next) {
			next.adopt(this.pair, !this.differences.isEmpty());
		}

	}

	/**
	 * Wait for the request that another replica has stored, in place of ours.
	 *
	 * @param request the request
	 */
	record Join(PendingRequest request) implements Step {

		@Override
		public void apply(Transitions next) {
			next.join(request());
		}

	}

	/** Forget the request that another replica has removed or seen answered. */
	record Forget() implements Step {

		@Override
		public void apply(Transitions next) {
			next.attempt = null;
			next.pending = null;
		}

	}

	/**
	 * Store the pair in use again in place of what no replica has stored.
	 *
	 * @param pair the pair
	 */
	record Restore(CertificatePair pair) implements Step {

		@Override
		public void apply(Transitions next) {
			// What follows from it is known when it is stored
		}

	}

	/**
	 * Delete the object of a request that is over, then the request from the store. An
	 * attempt that waits for it ends.
	 *
	 * @param request the request
	 */
	record Withdraw(PendingRequest request) implements Step {

		@Override
		public void apply(Transitions next) {
			next.attempt = (next.pending != null && next.pending.request().equals(this.request)) ? null : next.attempt;
			next.leave(this.request, Pause.NONE);
			next.leaving = next.leaving.stream()
				.map((leaving) -> leaving.isFor(this.request) ? new Leaving(this.request, true, leaving.pause())
						: leaving)
				.toList();
		}

	}

	/** End an attempt for a template that has changed since. It may be resumed. */
	record Abandon() implements Step {

		@Override
		public void apply(Transitions next) {
			next.attempt = null;
			next.pending = (next.pending != null) ? next.pending.with(next.pending.stage(), null) : null;
		}

	}

	/**
	 * End an attempt with a failure.
	 *
	 * @param cause what went wrong
	 */
	record Fail(Throwable cause) implements Step {

		@Override
		public void apply(Transitions next) {
			next.fail(this.cause);
		}

	}

	/**
	 * Send the pending request.
	 *
	 * @param template the template
	 */
	record Resume(CertificateTemplate template) implements Step {

		@Override
		public void apply(Transitions next) {
			next.begin(this.template);
			next.pending = (next.pending != null) ? next.pending.sent(next.now) : null;
			next.others = next.others.withConflicts(0);
		}

	}

	/**
	 * Request a certificate with a new key.
	 *
	 * @param template the template
	 */
	record Request(CertificateTemplate template) implements Step {

		@Override
		public void apply(Transitions next) {
			next.begin(this.template);
		}

	}

	/**
	 * Look at the object of the request that is waited for, since a watch may be open and
	 * bring nothing.
	 *
	 * @param request the request
	 */
	record Look(PendingRequest request) implements Step {

		@Override
		public void apply(Transitions next) {
			next.attempt = (next.attempt != null) ? next.attempt.looked(next.current, next.now) : null;
		}

	}

	/**
	 * Leave a request for another signer to the replicas that are configured with it, as
	 * during a rollout, and wait as long as they do. Then it is removed: they have ended,
	 * or anybody has stored it.
	 *
	 * @param request the request
	 * @param pause how long
	 */
	record Tolerate(PendingRequest request, Pause pause) implements Step {

		@Override
		public void apply(Transitions next) {
			next.attempt = null;
			next.pending = null;
			next.others = next.others.with(this.pause);
			next.leave(this.request, this.pause);
		}

	}

	/**
	 * Report something.
	 *
	 * @param notice what is reported
	 */
	record Report(Notice notice) implements Step {

		@Override
		public void apply(Transitions next) {
			next.notices = next.notices.reporting(this.notice);
		}

	}

}
