package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.core.Event;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.Transitions;
import org.jspecify.annotations.Nullable;

/**
 * Holds the state of a certificate, which everybody reads, and records each event. Used
 * on the certificate's serial executor only, except for {@link #state()} and
 * {@link #cancel()}.
 */
final class Journal {

	private final RotationSettings settings;

	private final Outcomes outcomes;

	private volatile State state;

	/** What the attempt in progress waits for. */
	private volatile @Nullable CompletableFuture<List<X509Certificate>> answer;

	Journal(RotationSettings settings, Outcomes outcomes, State state) {
		this.settings = settings;
		this.outcomes = outcomes;
		this.state = state;
	}

	/** All that is known. From any thread. */
	State state() {
		return this.state;
	}

	Instant now() {
		return this.settings.clock().instant();
	}

	double random() {
		return this.settings.resources().random().getAsDouble();
	}

	/** Notes what has happened, and tells of it. */
	void on(Event event) {
		State before = this.state;
		State after = Transitions.after(before, event, now(), random());
		// Whoever reads the new state finds no rotation in progress that has ended
		List<CompletableFuture<CertificatePair>> ended = this.outcomes.ended(before, after);
		this.state = after;
		if (after.attempt() == null) {
			cancel();
		}
		this.outcomes.tell(before, event, after, ended, now());
	}

	/** An attempt waits for an answer. */
	void await(CompletableFuture<List<X509Certificate>> answer) {
		this.answer = answer;
	}

	@Nullable CompletableFuture<List<X509Certificate>> answer() {
		return this.answer;
	}

	/** Gives up what is waited for. From any thread. */
	void cancel() {
		CompletableFuture<?> answer = this.answer;
		this.answer = null;
		if (answer != null) {
			answer.cancel(true);
		}
	}

}
