package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.execution.SerialExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rotation loop. Whatever happens (a timer, an answer, a call) leads to
 * {@link #reconcile()}, which asks for the template and then reviews the stored pair and
 * the attempt in progress, does what is due, and schedules the next timer. It runs on the
 * certificate's {@link SerialExecutor}, the only place where the state below changes.
 */
public final class RotatingCertificateManager implements CertificateManager, TemplateRounds.Member {

	private static final Logger logger = LoggerFactory.getLogger(RotatingCertificateManager.class);

	/** After which a step that has not returned is reported as stuck. */
	private static final Duration STUCK_AFTER = Duration.ofMinutes(1);

	private final RotationSettings settings;

	private final Duration idleCheck;

	private final SerialExecutor serial;

	private final Delivery delivery;

	/** Absent if the template is fixed, or asked for at each idle check. */
	private final @Nullable TemplateRounds rounds;

	private final Templates templates;

	private final CurrentPair pair;

	private final Warnings warnings;

	private final Attempts attempts;

	private final StatusReport report;

	private final AtomicBoolean started = new AtomicBoolean();

	private volatile boolean stopped;

	private volatile CertificateStatus snapshot;

	private String problem = "";

	private Runnable cancelTimer = () -> {
	};

	/**
	 * Creates a manager. It reads the store, and does not start.
	 * @param settings the settings
	 * @param template the template, {@code null} if there is none
	 * @param supplier the supplier of the template, whose changes are followed. It takes
	 * precedence
	 * @param initial a pair to use if no valid one is stored
	 * @throws io.kubelet.cert.store.StoreException if the store cannot be read
	 */
	public RotatingCertificateManager(RotationSettings settings, @Nullable CertificateTemplate template,
			@Nullable CertificateTemplateSupplier supplier, @Nullable CertificatePair initial) {
		this.settings = settings;
		this.idleCheck = settings.idleCheck();
		this.rounds = (supplier == null || settings.signers() == null || settings.schedule().idleCheck() != null) ? null
				: settings.resources().rounds();
		this.serial = new SerialExecutor((task) -> settings.resources().scheduler().schedule(task, Duration.ZERO),
				settings.resources().scheduler(), settings.clock(), STUCK_AFTER, this::stuck);
		this.delivery = new Delivery(settings);
		this.templates = new Templates(settings.name(), (supplier == null) ? template : null, supplier,
				settings.resources().executor(), this.serial);
		LastStored store = new LastStored(settings.store(), this::wakeIfStarted);
		Instant now = settings.clock().instant();
		this.pair = new CurrentPair(settings, store, this::replaced, initial, now);
		this.warnings = new Warnings(settings, this.delivery);
		PendingRequests pendingRequests = new PendingRequests(settings, store, this.serial);
		this.report = new StatusReport(settings, this.pair, pendingRequests, this.templates, this.warnings);
		this.attempts = new Attempts(settings, this.serial, this.delivery, this.pair, pendingRequests, this.report,
				this::reconcile);
		this.attempts.reviewPair(this.templates.latest(), now);
		this.snapshot = this.report.create();
	}

	@Override
	public String name() {
		return this.settings.name();
	}

	@Override
	public void start() {
		if (this.started.compareAndSet(false, true)) {
			this.serial.execute(() -> {
				new RotationLog(this.settings).started(this.pair.get(), this.pair.deadline(),
						this.settings.clock().instant());
				if (!this.templates.follow(this::wake) && this.rounds != null) {
					this.rounds.add(this);
				}
				reconcile();
			});
		}
	}

	@Override
	public void awaitedFor(Duration timeout) {
		this.serial.execute(() -> {
			this.attempts.awaitedUntil(this.settings.clock().instant(), timeout);
			reconcile();
		});
	}

	@Override
	public void stop() {
		this.stopped = true;
		this.attempts.cancel();
		wake();
	}

	@Override
	public Optional<CertificatePair> current() {
		CertificatePair pair = this.snapshot.pair();
		return (pair != null && pair.isValid(this.settings.clock().instant())) ? Optional.of(pair) : Optional.empty();
	}

	@Override
	public CertificateStatus status() {
		return StatusReport.at(this.snapshot, this.attempts.isRequested(), this.serial.lateSince(),
				this.settings.clock().instant());
	}

	@Override
	public CompletableFuture<CertificatePair> rotate() {
		return (this.stopped || this.attempts.areOff())
				? CompletableFuture.failedFuture(new CancellationException("Rotation of '" + name() + "' is off"))
				: this.attempts.request();
	}

	@Override
	public void addListener(RotationListener listener) {
		this.delivery.addListener(listener);
	}

	@Override
	public void addFollower(CertificateManager.Follower follower) {
		this.delivery.addFollower(follower);
	}

	/** After the task that is running, so that listeners find the status complete. */
	private void replaced(@Nullable CertificatePair previous, CertificatePair current) {
		this.serial.execute(() -> {
			try {
				this.snapshot = this.report.create();
			}
			finally {
				this.delivery.rotated(previous, current);
			}
		});
	}

	/** Looks soon. From any thread. */
	@Override
	public void wake() {
		this.serial.execute(this::reconcile);
	}

	/** A store signals changes from the beginning. */
	private void wakeIfStarted() {
		if (this.started.get()) {
			wake();
		}
	}

	/** Calls the supplier, and reviews if its answer has changed. From any thread. */
	@Override
	public void askForTemplate(Instant now) {
		this.templates.poll(now, this::review);
	}

	private void reconcile() {
		if (!this.templates.areSupplied()) {
			review();
			return;
		}
		step((now) -> {
			if (this.templates.isAwaited()) {
				warn(now);
			}
			Duration untilLate = this.templates.update(now, this::review);
			this.snapshot = this.report.create();
			return untilLate;
		});
	}

	/** Runs when the template is up to date. */
	private void review() {
		step((now) -> {
			CertificatePair adopted = this.pair.adoptStored(this.templates.latest(), now);
			if (adopted != null) {
				this.attempts.adopted(adopted, now);
			}
			this.attempts.review(this.templates.latest(), now);
			warn(now);
			this.snapshot = this.report.create();
			return this.attempts.untilDue(this.templates.latest(), now, this.idleCheck);
		});
	}

	private void step(Step step) {
		this.cancelTimer.run();
		if (this.stopped) {
			end();
			return;
		}
		if (!this.started.get()) {
			return;
		}
		Instant now = this.settings.clock().instant();
		Duration untilNextStep = this.idleCheck;
		try {
			untilNextStep = this.warnings.untilDue(now, Collections.min(List.of(step.at(now), this.idleCheck)));
			this.problem = "";
		}
		catch (Throwable ex) {
			disturbed(ex, now);
		}
		finally {
			this.cancelTimer = this.settings.resources()
				.scheduler()
				.schedule(this::wake, untilNextStep.isNegative() ? Duration.ZERO : untilNextStep);
		}
	}

	private void warn(Instant now) {
		this.warnings.issue(this.pair.get(), this.attempts.pending(), this.report.isFailing(),
				this.report.isServerHealthy(), now);
	}

	/** Whatever goes wrong is reported, and tried again. */
	private void disturbed(Throwable cause, Instant now) {
		this.snapshot = StatusReport.failing(this.snapshot, Failures.describe(cause, 1, now, now.plus(this.idleCheck)));
		this.attempts.failRequested(cause);
		if (!this.problem.equals(cause.toString())) {
			this.problem = cause.toString();
			this.settings.about(logger.atError())
				.setCause(cause)
				.log("[{}] Rotation check failed; retrying: {}", name(), cause.toString());
		}
	}

	/** Other certificates are not affected: each has an executor of its own. */
	private void stuck(Throwable stack) {
		this.settings.about(logger.atError())
			.setCause(stack)
			.log("[{}] A step of the rotation has not returned for {}: the certificate is not rotated until it does. "
					+ "If it is an access to a file, check the file system", name(), ReadableDuration.of(STUCK_AFTER));
	}

	/** Also what was begun while another thread called {@link #stop()}. */
	private void end() {
		if (this.rounds != null) {
			this.rounds.remove(this);
		}
		this.attempts.cancel();
		this.attempts.cancelRequested();
	}

	@FunctionalInterface
	private interface Step {

		/** Takes the step, and returns when the next one is due. */
		Duration at(Instant now);

	}

}
