package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to have a request answered. Used on the certificate's serial executor only,
 * except for {@link #cancel()}.
 */
final class Attempt {

	private final PendingRequest pending;

	private final Trigger trigger;

	private final CompletableFuture<List<X509Certificate>> answer;

	private Instant lastReview;

	private Duration waited = Duration.ZERO;

	/**
	 * @param pending what was asked, as it was known when the attempt began
	 * @param trigger why the rotation is due
	 * @param start when the attempt began
	 * @param answer the signer's answer to come
	 */
	Attempt(PendingRequest pending, Trigger trigger, Instant start, CompletableFuture<List<X509Certificate>> answer) {
		this.pending = pending;
		this.trigger = trigger;
		this.lastReview = start;
		this.answer = answer;
	}

	PendingRequest pending() {
		return this.pending;
	}

	CertificateRequest request() {
		return this.pending.request();
	}

	Trigger trigger() {
		return this.trigger;
	}

	/**
	 * Notes the wall clock. A clock that is set back neither ends the wait nor restarts
	 * it: only the time since the last review is lost.
	 */
	void timeIs(Instant now) {
		if (now.isAfter(this.lastReview)) {
			this.waited = this.waited.plus(Duration.between(this.lastReview, now));
		}
		this.lastReview = now;
	}

	/** How much of a time limit was left at the last review. */
	Duration remaining(Duration limit) {
		return limit.minus(this.waited);
	}

	/** Whether the answer has come, even if it has not been processed yet. */
	boolean isAnswered() {
		return this.answer.isDone();
	}

	void whenAnswered(Runnable action) {
		this.answer.whenComplete((chain, failure) -> action.run());
	}

	/** Returns the issued chain, or throws the failure. Called when it is answered. */
	List<X509Certificate> chain() throws Throwable {
		try {
			List<X509Certificate> chain = this.answer.get();
			if (chain == null) {
				throw new IllegalStateException("No answer");
			}
			return chain;
		}
		catch (ExecutionException ex) {
			throw (ex.getCause() != null) ? ex.getCause() : ex;
		}
	}

	/**
	 * Returns the failure of an attempt that was not answered in time.
	 * @param submitted what is known of the object, {@code null} if it is not known
	 */
	RequestException unanswered(@Nullable SubmittedRequest submitted, Duration timeout) {
		String name = request().name();
		String signerName = request().signerName();
		if (submitted == null) {
			return RequestException.unanswered(name, signerName, timeout);
		}
		return submitted.interruption().isEmpty() ? RequestException.timedOut(name, signerName, timeout)
				: RequestException.unreachable(name, signerName, timeout, submitted.interruption());
	}

	void cancel() {
		this.answer.cancel(true);
	}

}
