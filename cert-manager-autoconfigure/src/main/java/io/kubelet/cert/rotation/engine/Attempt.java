package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to have a request answered. Used on the certificate's serial executor only.
 */
final class Attempt {

	private final PendingRequest pending;

	private final CertificateTemplate template;

	private final CompletableFuture<List<X509Certificate>> answer;

	private Instant lastReview;

	private Duration waited = Duration.ZERO;

	/**
	 * @param pending what was asked, as it was known when the attempt began
	 * @param template what is wanted
	 * @param start when the attempt began
	 * @param answer the signer's answer to come
	 */
	Attempt(PendingRequest pending, CertificateTemplate template, Instant start,
			CompletableFuture<List<X509Certificate>> answer) {
		this.pending = pending;
		this.template = template;
		this.lastReview = start;
		this.answer = answer;
	}

	PendingRequest pending() {
		return this.pending;
	}

	CertificateTemplate template() {
		return this.template;
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

	/** The signer's answer, which may have come without being processed yet. */
	CompletableFuture<List<X509Certificate>> answer() {
		return this.answer;
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
		String name = this.pending.request().name();
		String signerName = this.pending.request().signerName();
		if (submitted == null) {
			return RequestException.unanswered(name, signerName, timeout);
		}
		return submitted.interruption().isEmpty() ? RequestException.timedOut(name, signerName, timeout)
				: RequestException.unreachable(name, signerName, timeout, submitted.interruption());
	}

}
