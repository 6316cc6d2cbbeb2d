package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestException.Recovery;
import io.kubelet.cert.request.RequestGoneException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.RequestTimedOutException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.SignerSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conducts the attempts to rotate a certificate, one at a time. Used on the certificate's
 * lane only, except for {@link #request()}, {@link #isRequested()} and {@link #cancel()}.
 */
final class Attempts {

	private static final Logger logger = LoggerFactory.getLogger(Attempts.class);

	private final RotationSettings settings;

	private final SignerSource signers;

	private final IssuedCertificateCheck check;

	private final Clock clock;

	private final Lane lane;

	private final Delivery delivery;

	private final CurrentPair pair;

	private final OpenRequests openRequests;

	private final Failures failures;

	private final TemplateChanges templateChanges;

	private final ForcedRotations forced;

	private final History history;

	private final Runnable changed;

	private volatile @Nullable Attempt attempt;

	private List<String> conditions = List.of();

	private long rotations;

	private @Nullable Instant lastRotation;

	private @Nullable Boolean serverHealthy;

	/**
	 * @param history to which the outcome of each attempt is added
	 * @param changed called on the lane when an attempt has made progress or has ended
	 */
	Attempts(RotationSettings settings, RotationSettings.Collaborators with, SignerSource signers, Lane lane,
			Delivery delivery, CurrentPair pair, History history, Runnable changed) {
		this.settings = settings;
		this.signers = signers;
		this.check = with.check();
		this.clock = with.clock();
		this.lane = lane;
		this.delivery = delivery;
		this.pair = pair;
		this.openRequests = new OpenRequests(with.store(), with.keys(), settings);
		this.failures = new Failures(settings, with.random());
		this.templateChanges = new TemplateChanges(settings.retry());
		this.forced = new ForcedRotations(settings.name(), settings.forcedInterval(), this.failures::demandedPause,
				with.clock());
		this.history = history;
		this.changed = changed;
	}

	/**
	 * Gives up the attempt in progress if it is of no use, and begins one if it is due.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
		if (this.forced.isRequested()) {
			// A pair that was adopted meanwhile is not what was asked for
			this.pair.force();
		}
		this.pair.review(template, now);
		giveUpOutdated(template, now);
		if (this.attempt != null || template == null) {
			return;
		}
		this.failures.templateIs(template);
		if (!this.pair.deadline().isAfter(now) && this.failures.pause().isOver(now)
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
		Instant due = this.pair.deadline();
		return Stream.of(this.failures.pause(), this.templateChanges.pause(template))
			.filter((pause) -> !pause.isOver(now))
			.map((pause) -> Duration.between(now, pause.end()))
			.reduce(Duration.between(now, due), BinaryOperator.maxBy(Comparator.naturalOrder()));
	}

	/** Requests a rotation, whatever the deadline. From any thread. */
	CompletableFuture<CertificatePair> request() {
		return this.forced.request(() -> this.lane.execute(() -> {
			this.pair.force();
			this.failures.endPause();
			this.templateChanges.endPause();
			this.changed.run();
		}));
	}

	/** Whether a rotation was requested and has not ended. From any thread. */
	boolean isRequested() {
		return this.forced.isRequested();
	}

	/** From any thread. */
	void cancel() {
		Attempt attempt = this.attempt;
		this.attempt = null;
		if (attempt != null) {
			attempt.cancel();
		}
	}

	void cancelRequested() {
		endRequested((future) -> future.cancel(false));
	}

	void failRequested(Throwable cause) {
		endRequested((future) -> future.completeExceptionally(cause));
	}

	/**
	 * After the task that is running, so that those who wait find the status complete.
	 */
	private void endRequested(Consumer<CompletableFuture<CertificatePair>> completion) {
		Runnable end = this.forced.end(completion);
		this.lane.execute(() -> this.delivery.afterFollowers(end));
	}

	/**
	 * The attempt is looked at and given up in one step, so that no answer comes between.
	 */
	private void giveUpOutdated(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.attempt;
		if (attempt == null) {
			return;
		}
		attempt.timeIs(now);
		CertificatePair pair = this.pair.get();
		if (template != null && !template.equals(attempt.request().template())
				&& !template.isSatisfiedBy((pair != null) ? pair.leaf() : null)) {
			this.settings.about(logger.atInfo(), attempt.request())
				.log("[{}] The template changed; request {} to signer {} is abandoned, and a new one follows",
						this.settings.name(), attempt.request().name(), attempt.request().signerName());
			cancel();
		}
		else if (!attempt.isAnswered()
				&& attempt.remaining(this.settings.waitTimeout()).compareTo(Duration.ZERO) <= 0) {
			cancel();
			failed(attempt, new RequestTimedOutException(attempt.request().name(), attempt.request().signerName(),
					this.settings.waitTimeout()), now);
		}
	}

	private void begin(CertificateTemplate template, Instant now) {
		try {
			CertificateRequest request = this.openRequests.forTemplate(template, now);
			this.conditions = List.of();
			CertificatePair current = this.pair.get();
			Attempt attempt = new Attempt(request, this.pair.trigger(now), now,
					this.signers.signer((current != null && !current.isExpired(now)) ? current : null)
						.request(request, (submitted) -> this.lane.execute(() -> progressed(request, submitted))));
			attempt.whenAnswered((chain, failure) -> this.lane.execute(() -> ended(attempt, chain, failure)));
			this.attempt = attempt;
		}
		catch (Throwable ex) {
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
				issued(attempt, chain, now);
			}
			else {
				failed(attempt, (failure != null) ? failure : new IllegalStateException("No answer"), now);
			}
		}
		catch (Throwable ex) {
			failed(attempt, ex, now);
		}
		finally {
			this.changed.run();
		}
	}

	private void issued(Attempt attempt, List<X509Certificate> chain, Instant now) {
		CertificateRequest request = attempt.request();
		CertificatePair issued = this.check.check(chain, request, now);
		this.pair.replace(issued, request.template());
		this.settings.about(logger.atInfo(), issued)
			.addKeyValue("kubelet.cert.request", request.name())
			.addKeyValue("kubelet.cert.signer", request.signerName())
			.addKeyValue("kubelet.cert.trigger", attempt.trigger())
			.log("[{}] {}: serial number {}, valid until {}, next rotation {} (request {} to signer {})",
					this.settings.name(), inWords(attempt.trigger()), issued.serialNumber(), issued.notAfter(),
					this.settings.once() ? "never, since rotation is off"
							: this.pair.deadline().truncatedTo(ChronoUnit.SECONDS),
					request.name(), request.signerName());
		this.rotations++;
		this.lastRotation = now;
		this.history.rotated(issued, attempt.trigger(), confirmedName(), this.openRequests.waited(now), now);
		this.serverHealthy = true;
		this.openRequests.drop();
		boolean dueAgain = !this.pair.deadline().isAfter(now);
		this.failures.succeeded(dueAgain ? Pause.of(now, this.settings.retry().interval()) : Pause.NONE);
		endRequested((future) -> future.complete(issued));
	}

	private static String inWords(Trigger trigger) {
		return switch (trigger) {
			case FIRST -> "Obtained the first certificate";
			case DEADLINE -> "Rotated at the deadline";
			case TEMPLATE -> "Rotated to match the template";
			case REQUESTED -> "Rotated on request";
			case EXPIRED -> "Rotated after the expiry";
		};
	}

	/** The one place where a failure is counted, logged and published. */
	private void failed(@Nullable Attempt attempt, Throwable cause, Instant now) {
		CertificateRequest request = (attempt != null) ? attempt.request() : null;
		updateServerHealth(cause);
		if (cause instanceof RequestGoneException && request != null && request.uid() != null) {
			this.openRequests.drop();
			this.settings.about(logger.atInfo(), request)
				.log("[{}] {}; a new request follows", this.settings.name(), cause.getMessage());
			return;
		}
		RotationFailure failure = this.failures.add(cause, (request != null) ? request.template() : null,
				this.pair.get(), now);
		this.history.failed(failure, (attempt != null) ? attempt.trigger() : this.pair.trigger(now), confirmedName(),
				(attempt != null) ? attempt.duration(now) : Duration.ZERO);
		if (endsRequest(cause)) {
			this.openRequests.drop();
		}
		this.lane.execute(() -> this.delivery.deliver((listener) -> listener.failed(this.settings.name(), failure)));
		failRequested(cause);
	}

	/** The name of the object that the signer has for the open request. */
	private @Nullable String confirmedName() {
		return this.openRequests.isConfirmed() ? this.openRequests.current().map(CertificateRequest::name).orElse(null)
				: null;
	}

	/** A rejection does not end a request whose object exists already. */
	private boolean endsRequest(Throwable cause) {
		if (cause instanceof RequestRejectedException && this.openRequests.isConfirmed()) {
			return false;
		}
		return Recovery.RETRY_SLOWLY.appliesTo(cause) || Recovery.START_OVER.appliesTo(cause);
	}

	/** A server that refuses credentials or does not know the API is up nevertheless. */
	private void updateServerHealth(Throwable cause) {
		if (cause instanceof RequestRejectedException rejected) {
			this.serverHealthy = rejected.isAboutCredentials() || rejected.statusCode() == 404;
		}
		else if (cause instanceof SignerUnavailableException) {
			this.serverHealthy = false;
		}
	}

	/** The request whose answer is waited for, {@code null} if there is none. */
	@Nullable CertificateRequest pending() {
		return (this.attempt != null) ? this.openRequests.current().orElse(null) : null;
	}

	/** What the status reports of the attempts. */
	Progress progress() {
		return new Progress(this.openRequests.current(), this.conditions, this.rotations, this.lastRotation,
				this.failures.last(), this.serverHealthy);
	}

	record Progress(Optional<CertificateRequest> openRequest, List<String> conditions, long rotations,
			@Nullable Instant lastRotation, @Nullable RotationFailure lastFailure, @Nullable Boolean serverHealthy) {

		static final Progress NONE = new Progress(Optional.empty(), List.of(), 0, null, null, null);

	}

}
