package io.kubelet.cert.rotation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateStatus.OpenRequest;
import io.kubelet.cert.rotation.CertificateStatus.State;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rotation loop. Whatever happens (a timer, an answer, a call) leads to
 * {@link #reconcile()}, which looks at the time, the stored pair, the template and the
 * attempt under way, does what is due, and says when to look again. It runs on the
 * certificate's {@link Lane}: only there is the state below changed.
 */
final class RotatingCertificateManager implements CertificateManager {

	private static final Logger logger = LoggerFactory.getLogger(RotatingCertificateManager.class);

	private final RotationSettings settings;

	private final CertificateTemplateSupplier templates;

	private final Duration idleCheck;

	private final Clock clock;

	private final RotationScheduler scheduler;

	private final Lane lane;

	private final Listeners listeners;

	private final CurrentPair pair;

	/** Absent if rotation is off. */
	private final @Nullable Attempts attempts;

	private final AtomicBoolean started = new AtomicBoolean();

	private volatile boolean stopped;

	private volatile CertificateStatus snapshot;

	private @Nullable CertificateTemplate template;

	private String templateProblem = "";

	private String problem = "";

	private @Nullable String waitingFor;

	private Runnable cancelTimer = () -> {
	};

	RotatingCertificateManager(CertificateManagerBuilder builder) {
		this.settings = builder.settings();
		this.templates = builder.templates;
		this.idleCheck = builder.idleCheck();
		this.clock = builder.clock;
		this.scheduler = builder.scheduler();
		this.lane = new Lane(this.scheduler);
		this.listeners = new Listeners(this.lane);
		builder.listeners.forEach(this.listeners::add);
		Instant now = this.clock.instant();
		this.pair = new CurrentPair(this.settings, builder.store(), builder.random, this.listeners,
				builder.bootstrapPair, now);
		SignerSource signers = builder.signers;
		this.attempts = (signers != null)
				? new Attempts(builder, signers, this.settings, this.lane, this.listeners, this.pair, this::reconcile)
				: null;
		if (!builder.templateIsDynamic) {
			readTemplate();
		}
		this.snapshot = describe(now);
	}

	@Override
	public String name() {
		return this.settings.name();
	}

	@Override
	public void start() {
		if (this.started.compareAndSet(false, true)) {
			if (this.attempts == null) {
				logger.info("[{}] Rotation is off: the certificate is used as it is stored", name());
			}
			this.lane.execute(this::reconcile);
		}
	}

	@Override
	public void stop() {
		this.stopped = true;
		Attempts attempts = this.attempts;
		if (attempts != null) {
			attempts.cancel();
		}
		this.lane.execute(this::reconcile);
	}

	@Override
	public Optional<CertificatePair> current() {
		CertificatePair pair = this.pair.get();
		return (pair == null || pair.isExpired(this.clock.instant())) ? Optional.empty() : Optional.of(pair);
	}

	@Override
	public CertificateStatus status() {
		CertificateStatus snapshot = this.snapshot;
		return snapshot.in(State.of(snapshot, rotates(), this.clock.instant()));
	}

	private boolean rotates() {
		return this.attempts != null && !this.settings.once();
	}

	@Override
	public CompletableFuture<CertificatePair> rotate() {
		Attempts attempts = this.attempts;
		if (this.stopped || attempts == null) {
			return CompletableFuture.failedFuture(new CancellationException("Rotation of " + name() + " is off"));
		}
		CompletableFuture<CertificatePair> result = new CompletableFuture<>();
		this.lane.execute(() -> {
			attempts.force(result);
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
		if (this.stopped) {
			end();
			return;
		}
		if (!this.started.get()) {
			return;
		}
		Instant now = this.clock.instant();
		Duration untilNextLook = this.idleCheck;
		try {
			look(now);
			this.problem = "";
			untilNextLook = untilNextLook(now);
		}
		catch (Throwable ex) {
			disturbed(ex, now);
		}
		finally {
			this.cancelTimer = this.scheduler.schedule(() -> this.lane.execute(this::reconcile), untilNextLook);
		}
	}

	private void look(Instant now) {
		readTemplate();
		this.pair.adoptStored(rotates() ? this.template : null, now);
		if (this.attempts != null) {
			this.attempts.review(this.template, now);
		}
		this.pair.announce(this.attempts != null && this.attempts.progress().serverHealthy(), now);
		this.snapshot = describe(now);
	}

	/** A certificate never stands still in silence. */
	private void disturbed(Throwable cause, Instant now) {
		this.snapshot = this.snapshot.withFailure(RotationFailure.of(cause, 1, now, now.plus(this.idleCheck)));
		if (this.attempts != null) {
			this.attempts.failWaiting(cause);
		}
		if (!this.problem.equals(cause.toString())) {
			this.problem = cause.toString();
			logger.error("[{}] What may be due cannot be done, and is tried again: {}", name(), cause.toString(),
					cause);
		}
	}

	/** Also what was begun while another thread called {@link #stop()}. */
	private void end() {
		if (this.attempts != null) {
			this.attempts.cancel();
			this.attempts.cancelWaiting();
		}
	}

	private void readTemplate() {
		try {
			this.template = this.templates.get().orElse(null);
			waitsFor((this.template == null) ? this.templates.waitingFor().orElse(null) : null);
			this.templateProblem = "";
		}
		catch (Throwable ex) {
			this.template = null;
			this.waitingFor = null;
			if (!this.templateProblem.equals(ex.toString())) {
				this.templateProblem = ex.toString();
				logger.error("[{}] The template supplier failed: nothing is requested until it answers", name(), ex);
			}
		}
	}

	private void waitsFor(@Nullable String what) {
		if (what != null && !what.equals(this.waitingFor)) {
			logger.info("[{}] Nothing is requested yet: waiting for {}", name(), what);
		}
		this.waitingFor = what;
	}

	private Duration untilNextLook(Instant now) {
		if (this.attempts == null) {
			return this.idleCheck;
		}
		Duration due = this.attempts.untilDue(this.template, now, this.idleCheck);
		return due.isNegative() ? Duration.ZERO : (due.compareTo(this.idleCheck) < 0) ? due : this.idleCheck;
	}

	private CertificateStatus describe(Instant now) {
		CertificatePair pair = this.pair.get();
		Attempts.Progress progress = (this.attempts != null) ? this.attempts.progress()
				: new Attempts.Progress(Optional.empty(), List.of(), 0, null, null, false);
		CertificateRequest open = progress.openRequest().orElse(null);
		return new CertificateStatus(name(), State.WAITING, pair, this.template, this.settings.signerName(),
				(open != null) ? open.usages() : usages(pair), this.settings.requestedLifetime(), nextDeadline(now),
				progress.rotations(), progress.lastRotation(), progress.lastFailure(),
				(open != null) ? new OpenRequest(open.name(), open.createdAt(), progress.conditions()) : null,
				this.waitingFor, progress.serverHealthy(), this.pair.isUnavailable());
	}

	private List<Usage> usages(@Nullable CertificatePair pair) {
		List<Usage> fixed = this.settings.fixedUsages();
		if (fixed != null) {
			return fixed;
		}
		CertificateTemplate template = this.template;
		return (pair != null && template != null) ? this.settings.usages().apply(template, pair.leaf().getPublicKey())
				: List.of();
	}

	private @Nullable Instant nextDeadline(Instant now) {
		Instant deadline = (this.attempts != null) ? this.pair.deadline(this.template, now) : Instant.MAX;
		return deadline.equals(Instant.MAX) ? null : deadline;
	}

}
