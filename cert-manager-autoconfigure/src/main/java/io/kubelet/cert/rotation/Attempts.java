package io.kubelet.cert.rotation;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestGoneException;
import io.kubelet.cert.request.RequestNameTakenException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.RequestTimedOutException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.request.SubmittedRequest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conducts the attempts to rotate a certificate, one at a time (contract rows C9 and
 * C11). Used on the certificate's lane only, but for {@link #cancel()}.
 */
final class Attempts {

	private static final Logger logger = LoggerFactory.getLogger(Attempts.class);

	private final RotationSettings settings;

	private final SignerSource signers;

	private final IssuedCertificateCheck check;

	private final Clock clock;

	private final Lane lane;

	private final Listeners listeners;

	private final CurrentPair pair;

	private final OpenRequests openRequests;

	private final Failures failures;

	private final TemplateChanges templateChanges;

	private final Runnable changed;

	private List<CompletableFuture<CertificatePair>> waiting = new ArrayList<>();

	private volatile @Nullable Attempt attempt;

	private List<String> conditions = List.of();

	private long rotations;

	private @Nullable Instant lastRotation;

	private boolean serverHealthy;

	/**
	 * @param changed called on the lane when an attempt has made progress or has ended
	 */
	Attempts(CertificateManagerBuilder builder, SignerSource signers, RotationSettings settings, Lane lane,
			Listeners listeners, CurrentPair pair, Runnable changed) {
		this.settings = settings;
		this.signers = signers;
		this.check = builder.check;
		this.clock = builder.clock;
		this.lane = lane;
		this.listeners = listeners;
		this.pair = pair;
		this.openRequests = new OpenRequests(builder.store(), builder.keys, settings);
		this.failures = new Failures(settings, builder.random);
		this.templateChanges = new TemplateChanges(settings.retry());
		this.changed = changed;
	}

	/** Give up the attempt under way if it is of no use, and begin one if it is due. */
	void review(@Nullable CertificateTemplate template, Instant now) {
		if (!this.waiting.isEmpty()) {
			// A pair that was adopted meanwhile is not what was asked for
			this.pair.force();
		}
		giveUpOutdated(template, now);
		if (this.attempt != null || template == null) {
			return;
		}
		this.failures.templateIs(template);
		if (!this.pair.deadline(template, now).isAfter(now) && this.failures.pause().isOver(now)
				&& this.templateChanges.pause(template).isOver(now)) {
			this.templateChanges.requested(template, now);
			begin(template, now);
		}
	}

	/** How long nothing will be due here after a review, unless something happens. */
	Duration untilDue(@Nullable CertificateTemplate template, Instant now, Duration longest) {
		Attempt attempt = this.attempt;
		if (attempt != null) {
			return attempt.remaining(this.settings.waitTimeout());
		}
		if (template == null) {
			return longest;
		}
		Instant due = this.pair.deadline(template, now);
		return Stream.of(this.failures.pause(), this.templateChanges.pause(template))
			.filter((pause) -> !pause.isOver(now))
			.map((pause) -> Duration.between(now, pause.end()))
			.reduce(Duration.between(now, due), (one, other) -> (one.compareTo(other) < 0) ? other : one);
	}

	/** Make an attempt due now; the future ends with it. */
	void force(CompletableFuture<CertificatePair> result) {
		this.waiting.add(result);
		this.pair.force();
		this.failures.endPause();
		this.templateChanges.endPause();
	}

	/** From any thread. */
	void cancel() {
		Attempt attempt = this.attempt;
		this.attempt = null;
		if (attempt != null) {
			attempt.cancel();
		}
	}

	void cancelWaiting() {
		endWaiting((future) -> future.cancel(false));
	}

	void failWaiting(Throwable cause) {
		endWaiting((future) -> future.completeExceptionally(cause));
	}

	/** After the task that is running, as for the listeners. */
	private void endWaiting(Consumer<CompletableFuture<CertificatePair>> end) {
		List<CompletableFuture<CertificatePair>> ended = this.waiting;
		this.waiting = new ArrayList<>();
		this.lane.execute(() -> ended.forEach(end));
	}

	/** Contract row B14: what is under way is asked about and given up in one step. */
	private void giveUpOutdated(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.attempt;
		if (attempt == null) {
			return;
		}
		attempt.timeIs(now);
		CertificatePair pair = this.pair.get();
		if (template != null && !template.equals(attempt.request().template())
				&& !template.isSatisfiedBy((pair != null) ? pair.leaf() : null)) {
			logger.info("[{}] The template changed: request {} is given up", this.settings.name(),
					attempt.request().name());
			cancel();
		}
		else if (!attempt.isAnswered()
				&& attempt.remaining(this.settings.waitTimeout()).compareTo(Duration.ZERO) <= 0) {
			cancel();
			failed(attempt.request(),
					new RequestTimedOutException(attempt.request().name(), this.settings.waitTimeout()), now);
		}
	}

	private void begin(CertificateTemplate template, Instant now) {
		try {
			CertificateRequest request = this.openRequests.forTemplate(template);
			this.conditions = List.of();
			CertificatePair current = this.pair.get();
			Attempt attempt = new Attempt(request, now,
					this.signers.signer((current != null && !current.isExpired(now)) ? current : null)
						.request(request, (submitted) -> this.lane.execute(() -> progressed(request, submitted))));
			this.attempt = attempt;
			attempt.whenAnswered((chain, failure) -> this.lane.execute(() -> ended(attempt, chain, failure)));
		}
		catch (Throwable ex) {
			cancel();
			failed(null, ex, now);
		}
	}

	private void progressed(CertificateRequest request, SubmittedRequest submitted) {
		Attempt attempt = this.attempt;
		if (attempt != null && attempt.request() == request) {
			this.serverHealthy = true;
			this.conditions = submitted.conditions();
			this.openRequests.confirm(submitted);
			this.changed.run();
		}
	}

	private void ended(Attempt attempt, @Nullable List<X509Certificate> chain, @Nullable Throwable failure) {
		if (attempt != this.attempt) {
			return;
		}
		this.attempt = null;
		Instant now = this.clock.instant();
		try {
			if (chain != null) {
				issued(attempt.request(), chain, now);
			}
			else {
				failed(attempt.request(), (failure != null) ? failure : new IllegalStateException("No answer"), now);
			}
		}
		catch (Throwable ex) {
			failed(attempt.request(), ex, now);
		}
		finally {
			this.changed.run();
		}
	}

	/** Contract rows C9 and B1. */
	private void issued(CertificateRequest request, List<X509Certificate> chain, Instant now) {
		CertificatePair issued = this.check.check(chain, request, now);
		this.pair.replace(issued);
		logger.info("[{}] Rotated: request {} brought serial number {}, valid until {}", this.settings.name(),
				request.name(), issued.serialNumber(), issued.notAfter());
		this.rotations++;
		this.lastRotation = now;
		this.serverHealthy = true;
		this.openRequests.drop();
		boolean dueAgain = !this.pair.deadline(request.template(), now).isAfter(now);
		this.failures.succeeded(dueAgain ? Pause.of(now, this.settings.retry().interval()) : Pause.NONE);
		endWaiting((future) -> future.complete(issued));
	}

	/** The one place where a failure is counted, logged and published. */
	private void failed(@Nullable CertificateRequest request, Throwable cause, Instant now) {
		updateServerHealth(cause);
		if (cause instanceof RequestGoneException && request != null && request.uid() != null) {
			this.openRequests.drop();
			logger.info("[{}] {}: a new request is made", this.settings.name(), cause.getMessage());
			return;
		}
		RotationFailure failure = this.failures.add(cause, (request != null) ? request.template() : null, now);
		if (endsRequest(cause)) {
			this.openRequests.drop();
		}
		this.listeners.tell((listener) -> listener.failed(this.settings.name(), failure));
		failWaiting(cause);
	}

	/** A rejection says nothing of an object that is there already: it stays open. */
	private boolean endsRequest(Throwable cause) {
		if (cause instanceof RequestRejectedException && this.openRequests.isConfirmed()) {
			return false;
		}
		return RetrySchedule.isAnswer(cause) || cause instanceof RequestGoneException
				|| cause instanceof RequestNameTakenException;
	}

	/** Contract row C12. */
	private void updateServerHealth(Throwable cause) {
		if (cause instanceof RequestRejectedException rejected) {
			this.serverHealthy = rejected.isAboutCredentials() || rejected.statusCode() == 404;
		}
		else if (cause instanceof SignerUnavailableException) {
			this.serverHealthy = false;
		}
	}

	/** What the status says of the attempts. */
	Progress progress() {
		return new Progress(this.openRequests.current(), this.conditions, this.rotations, this.lastRotation,
				this.failures.last(), this.serverHealthy);
	}

	record Progress(Optional<CertificateRequest> openRequest, List<String> conditions, long rotations,
			@Nullable Instant lastRotation, @Nullable RotationFailure lastFailure, boolean serverHealthy) {

	}

}
