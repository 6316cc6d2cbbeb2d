package io.kubelet.cert.rotation;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestGoneException;
import io.kubelet.cert.request.RequestNameTakenException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.RequestTimedOutException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus.OpenRequest;
import io.kubelet.cert.rotation.CertificateStatus.State;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rotation loop. Whatever happens (a timer, an answer, a call) leads to
 * {@link #reconcile()}, which looks at the time, the pair, the template and the attempt
 * under way, does what is due, and says when to look again. It runs on the certificate's
 * {@link Lane}: only there is the state below changed.
 */
final class RotatingCertificateManager implements CertificateManager {

	private static final Logger logger = LoggerFactory.getLogger(RotatingCertificateManager.class);

	/** How long the wall clock is left alone at most (contract row B10). */
	private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);

	/** How often a template that can change is looked at (contract row C11). */
	private static final Duration TEMPLATE_WATCH = Duration.ofSeconds(1);

	private final RotationSettings settings;

	private final @Nullable SignerSource signers;

	private final CertificateTemplateSupplier templates;

	private final boolean templateIsDynamic;

	private final IssuedCertificateCheck check;

	private final Clock clock;

	private final RotationScheduler scheduler;

	private final Lane lane;

	private final Listeners listeners = new Listeners();

	private final CurrentPair pair;

	private final OpenRequests openRequests;

	private final Failures failures;

	private final List<CompletableFuture<CertificatePair>> waiting = new ArrayList<>();

	private final AtomicBoolean started = new AtomicBoolean();

	private volatile boolean stopped;

	private volatile CertificateStatus snapshot;

	private volatile @Nullable Attempt attempt;

	private @Nullable CertificateTemplate template;

	private List<String> conditions = List.of();

	private String templateProblem = "";

	private long rotations;

	private @Nullable Instant lastRotation;

	private boolean serverHealthy;

	private Runnable cancelTimer = () -> {
	};

	RotatingCertificateManager(CertificateManagerBuilder builder) {
		this.settings = builder.settings();
		this.signers = builder.signers;
		this.templates = builder.templates;
		this.templateIsDynamic = builder.templateIsDynamic;
		this.check = builder.check;
		this.clock = builder.clock;
		this.scheduler = builder.scheduler();
		this.lane = new Lane(this.scheduler);
		builder.listeners.forEach(this.listeners::add);
		this.pair = new CurrentPair(this.settings, builder.store(), builder.random, this.listeners,
				builder.bootstrapPair, this.clock.instant());
		this.openRequests = new OpenRequests(builder.store(), builder.keys, this.settings);
		this.failures = new Failures(this.settings.retry(), builder.random);
		readTemplate();
		this.snapshot = describe(this.clock.instant());
	}

	@Override
	public String name() {
		return this.settings.name();
	}

	@Override
	public void start() {
		if (this.started.compareAndSet(false, true)) {
			if (this.signers == null) {
				logger.info("[{}] Rotation is off: the certificate is used as it is stored", name());
			}
			this.lane.execute(this::reconcile);
		}
	}

	@Override
	public void stop() {
		this.stopped = true;
		cancelAttempt();
		this.lane.execute(() -> {
			this.cancelTimer.run();
			this.waiting.forEach((future) -> future.cancel(false));
			this.waiting.clear();
		});
	}

	@Override
	public Optional<CertificatePair> current() {
		CertificatePair pair = this.pair.get();
		return (pair == null || pair.isExpired(this.clock.instant())) ? Optional.empty() : Optional.of(pair);
	}

	@Override
	public CertificateStatus status() {
		CertificateStatus snapshot = this.snapshot;
		return snapshot.in(State.of(snapshot, this.signers != null, this.clock.instant()));
	}

	@Override
	public CompletableFuture<CertificatePair> rotate() {
		CompletableFuture<CertificatePair> result = new CompletableFuture<>();
		if (this.stopped || this.signers == null) {
			result.completeExceptionally(new CancellationException("Rotation of " + name() + " is off"));
			return result;
		}
		this.lane.execute(() -> {
			this.waiting.add(result);
			this.pair.force();
			this.failures.endPause();
			reconcile();
		});
		return result;
	}

	@Override
	public void addListener(RotationListener listener) {
		this.listeners.add(listener);
	}

	private void reconcile() {
		this.cancelTimer.run();
		if (this.stopped || !this.started.get()) {
			return;
		}
		Instant now = this.clock.instant();
		this.pair.adoptStored(now);
		readTemplate();
		giveUpAttempt(now);
		if (this.attempt == null && this.signers != null && this.template != null && isDue(now)) {
			attempt(this.signers, this.template, now);
		}
		this.pair.announce(now);
		this.snapshot = describe(now);
		this.cancelTimer = this.scheduler.schedule(() -> this.lane.execute(this::reconcile), untilNextLook(now));
	}

	private void readTemplate() {
		try {
			this.template = this.templates.get().orElse(null);
			this.templateProblem = "";
			if (this.template != null) {
				this.failures.templateIs(this.template);
			}
		}
		catch (RuntimeException ex) {
			this.template = null;
			if (!this.templateProblem.equals(ex.toString())) {
				this.templateProblem = ex.toString();
				logger.error("[{}] The template supplier failed: nothing is requested until it answers", name(), ex);
			}
		}
	}

	private void giveUpAttempt(Instant now) {
		Attempt attempt = this.attempt;
		if (attempt == null) {
			return;
		}
		if (isOutdated(attempt)) {
			logger.info("[{}] The template changed: request {} is given up", name(), attempt.request().name());
			cancelAttempt();
			this.openRequests.drop();
		}
		else if (!isPositive(attempt.remaining(now, this.settings.waitTimeout()))) {
			cancelAttempt();
			failed(attempt, new RequestTimedOutException(attempt.request().name(), this.settings.waitTimeout()), now);
		}
	}

	/** Contract rows C11 and B14. */
	private boolean isOutdated(Attempt attempt) {
		CertificatePair pair = this.pair.get();
		return this.template != null && !this.template.equals(attempt.request().template())
				&& !this.template.isSatisfiedBy((pair != null) ? pair.leaf() : null);
	}

	private boolean isDue(Instant now) {
		return !this.pair.deadline(this.template, now).isAfter(now) && this.failures.pause().isOver(now);
	}

	private void attempt(SignerSource signers, CertificateTemplate template, Instant now) {
		try {
			CertificateRequest request = this.openRequests.forTemplate(template);
			this.conditions = List.of();
			CertificateSigner signer = signers.signer(current().orElse(null));
			Attempt attempt = new Attempt(request, now,
					signer.request(request, (submitted) -> this.lane.execute(() -> progressed(request, submitted))));
			this.attempt = attempt;
			attempt.whenAnswered((chain, failure) -> this.lane.execute(() -> ended(attempt, chain, failure)));
			if (this.stopped) {
				attempt.cancel();
			}
		}
		catch (RuntimeException ex) {
			failed(null, ex, now);
		}
	}

	private void progressed(CertificateRequest request, SubmittedRequest submitted) {
		Attempt attempt = this.attempt;
		if (attempt == null || attempt.request() != request) {
			return;
		}
		this.serverHealthy = true;
		this.conditions = submitted.conditions();
		this.openRequests.confirm(submitted);
		this.snapshot = describe(this.clock.instant());
	}

	private void ended(Attempt attempt, @Nullable List<X509Certificate> chain, @Nullable Throwable failure) {
		if (attempt != this.attempt || this.stopped) {
			return;
		}
		Instant now = this.clock.instant();
		try {
			if (chain == null) {
				failed(attempt, (failure != null) ? failure : new IllegalStateException("No answer"), now);
			}
			else {
				issued(attempt, chain, now);
			}
		}
		catch (RuntimeException ex) {
			failed(attempt, ex, now);
		}
		reconcile();
	}

	/** Contract rows C9 and B1. */
	private void issued(Attempt attempt, List<X509Certificate> chain, Instant now) {
		CertificateRequest request = attempt.request();
		this.check.check(chain, request, now);
		CertificatePair issued = new CertificatePair(chain, request.privateKey());
		logger.info("[{}] Issued: {} for request {}", name(), issued, request.name());
		this.pair.replace(issued);
		this.attempt = null;
		this.rotations++;
		this.lastRotation = now;
		this.serverHealthy = true;
		this.openRequests.drop();
		boolean dueAgain = !this.pair.deadline(this.template, now).isAfter(now);
		this.failures.succeeded(dueAgain ? Pause.of(now, this.settings.retry().interval()) : Pause.NONE);
		this.snapshot = describe(now);
		this.waiting.forEach((future) -> future.complete(issued));
		this.waiting.clear();
	}

	/** The one place where a failure is counted, logged and published. */
	private void failed(@Nullable Attempt attempt, Throwable cause, Instant now) {
		this.attempt = null;
		boolean answer = RetrySchedule.isAnswer(cause);
		if (answer || cause instanceof RequestGoneException || cause instanceof RequestNameTakenException) {
			this.openRequests.drop();
		}
		if (cause instanceof RequestRejectedException rejected) {
			this.serverHealthy = rejected.isAboutCredentials() || rejected.statusCode() == 404;
		}
		else if (cause instanceof SignerUnavailableException) {
			this.serverHealthy = false;
		}
		if (cause instanceof RequestGoneException && attempt != null && attempt.isResumed()) {
			logger.info("[{}] {}: a new request is made", name(), cause.getMessage());
			return;
		}
		RotationFailure failure = this.failures.add(cause, this.template, now);
		Duration delay = Duration.between(now, failure.nextAttempt());
		if (answer) {
			logger.error("[{}] {}: attempt {} is given up, the next one is made in {}", name(), failure.message(),
					failure.attempt(), delay);
		}
		else {
			logger.warn("[{}] Attempt {} failed, the next one is made in {}: {}", name(), failure.attempt(), delay,
					failure.message());
		}
		this.listeners.tell((listener) -> listener.failed(name(), failure));
		this.waiting.forEach((future) -> future.completeExceptionally(cause));
		this.waiting.clear();
	}

	private void cancelAttempt() {
		Attempt attempt = this.attempt;
		this.attempt = null;
		if (attempt != null) {
			attempt.cancel();
		}
	}

	private Duration untilNextLook(Instant now) {
		Duration next = this.templateIsDynamic ? TEMPLATE_WATCH : LONGEST_SLEEP;
		Attempt attempt = this.attempt;
		if (attempt != null) {
			return earlier(next, attempt.remaining(now, this.settings.waitTimeout()));
		}
		if (this.signers == null || this.template == null) {
			return next;
		}
		Instant due = this.pair.deadline(this.template, now);
		Instant allowed = this.failures.pause().isOver(now) ? now : this.failures.pause().end();
		return earlier(next, Duration.between(now, due.isAfter(allowed) ? due : allowed));
	}

	private static Duration earlier(Duration one, Duration other) {
		Duration earlier = (one.compareTo(other) < 0) ? one : other;
		return earlier.isNegative() ? Duration.ZERO : earlier;
	}

	private static boolean isPositive(Duration duration) {
		return !duration.isNegative() && !duration.isZero();
	}

	private CertificateStatus describe(Instant now) {
		CertificatePair pair = this.pair.get();
		CertificateRequest open = this.openRequests.current().orElse(null);
		return new CertificateStatus(name(), State.WAITING, pair, this.template, this.settings.signerName(),
				(open != null) ? open.usages()
						: (pair != null) ? this.settings.usages().apply(pair.leaf().getPublicKey()) : List.of(),
				this.settings.requestedLifetime(),
				(this.signers != null) ? this.pair.deadline(this.template, now) : null, this.rotations,
				this.lastRotation, this.failures.last(),
				(open != null) ? new OpenRequest(open.name(), open.createdAt(), this.conditions) : null,
				this.serverHealthy);
	}

}
