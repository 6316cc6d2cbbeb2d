package io.kubelet.cert.rotation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;

import io.kubelet.cert.certificate.CertificateRequest;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to have a request answered.
 *
 * @param request what was asked, as it was known when the attempt began
 * @param start when the attempt began
 * @param answer the signer's answer to come
 */
record Attempt(CertificateRequest request, Instant start, CompletableFuture<List<X509Certificate>> answer) {

	/** How much of a time limit is left; nothing if the clock was set back. */
	Duration remaining(Instant now, Duration limit) {
		return now.isBefore(this.start) ? Duration.ZERO : limit.minus(Duration.between(this.start, now));
	}

	void whenAnswered(BiConsumer<? super @Nullable List<X509Certificate>, ? super @Nullable Throwable> action) {
		this.answer.whenComplete((chain, failure) -> action.accept(chain,
				(failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure));
	}

	void cancel() {
		this.answer.cancel(true);
	}

}
