package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.internal.StoreSession;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rotation loop. Whatever happens (a timer, an answer, a call) leads to
 * {@link #reconcile()}, which asks for the template, reviews the stored pair and the
 * attempt in progress, does what is due, and schedules the next timer. It runs on the
 * certificate's {@link SerialExecutor}, the only place where the state below changes.
 * {@link Rotation} decides when to rotate, and does it.
 */
public final class RotatingCertificateManager implements CertificateManager {

	private static final Logger logger = LoggerFactory.getLogger(RotatingCertificateManager.class);

	/** After which a step that has not returned is reported as stuck. */
	private static final Duration STUCK_AFTER = Duration.ofMinutes(1);

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	private final Templates templates;

	private final CurrentPair pair;

	private final Warnings warnings;

	private final Failures failures;

	private final ForcedRotations forced;

	private final PendingRequests pendingRequests;

	private final Rotation rotation;

	private final StatusReport report;

	private final AtomicBoolean started = new AtomicBoolean();

	private volatile boolean stopped;

	private Runnable cancelTimer = () -> {
	};

	/**
	 * Creates a manager. It reads the store, and does not start.
	 * @param settings the settings
	 * @param template the template, {@code null} if there is none
	 * @param supplier the supplier of the template, whose changes are followed. It takes
	 * precedence
	 * @param bootstrap a pair to use if no valid one is stored
	 * @throws io.kubelet.cert.store.StoreException if the store cannot be read
	 */
	public RotatingCertificateManager(RotationSettings settings, @Nullable CertificateTemplate template,
			@Nullable CertificateTemplateSupplier supplier, @Nullable CertificatePair bootstrap) {
		this.settings = settings;
		this.serial = new SerialExecutor((task) -> settings.resources().scheduler().schedule(task, Duration.ZERO),
				settings.resources().scheduler(), settings.clock(), STUCK_AFTER, this::stuck);
		this.delivery = new Delivery(settings);
		this.templates = new Templates(settings, template, supplier, this.serial, () -> step(this::review));
		StoreSession store = new StoreSession(settings.store(), settings.clock());
		Instant now = settings.clock().instant();
		this.pair = new CurrentPair(settings, store, this::replaced, bootstrap, now);
		this.warnings = new Warnings(settings, this.pair.due(), this.delivery);
		NewRequests newRequests = new NewRequests(settings);
		this.pendingRequests = (settings.store() instanceof CertificateStore.Shared shared)
				? new SharedRequests(settings, shared, store, newRequests, this.serial, this::wake)
				: new PendingRequests(settings, store, newRequests, this.serial);
		this.report = new StatusReport(settings, this.pair, this.pendingRequests, this.templates, this.warnings);
		this.failures = new Failures(settings, this::failed);
		this.forced = new ForcedRotations(settings, this.serial, this.delivery);
		this.rotation = new Rotation(settings, this.serial, this.pair, this.pendingRequests, newRequests, this.failures,
				this.forced, this.report, this::reconcile);
		this.rotation.reviewPair(this.templates.latest(), now);
		this.report.update();
	}

	@Override
	public String name() {
		return this.settings.name();
	}

	@Override
	public void start() {
		if (this.started.compareAndSet(false, true)) {
			this.serial.execute(() -> {
				RotationLog.started(this.settings, this.pair.get(), this.pair.due().deadline(),
						this.settings.clock().instant());
				this.templates.follow();
				reconcile();
			});
		}
	}

	@Override
	public void awaitedFor(Duration timeout) {
		this.serial.execute(() -> {
			Instant now = this.settings.clock().instant();
			this.failures.awaitedUntil(now, now.plus(timeout));
			this.pendingRequests.lookBefore(timeout, null, now);
			reconcile();
		});
	}

	@Override
	public void stop() {
		this.stopped = true;
		this.rotation.cancel();
		this.forced.stop();
		wake();
	}

	@Override
	public Optional<CertificatePair> current() {
		CertificatePair pair = this.report.pair();
		return (pair != null && pair.isValid(this.settings.clock().instant())) ? Optional.of(pair) : Optional.empty();
	}

	@Override
	public CertificateStatus status() {
		return this.report.at(this.forced.isRequested(), this.serial.lateSince(), this.settings.clock().instant());
	}

	@Override
	public CompletableFuture<CertificatePair> rotate() {
		return this.forced.request(() -> this.serial.execute(() -> {
			RotationLog.requested(this.settings);
			if (this.forced.isRequested()) {
				// Otherwise the pair that was asked for has come meanwhile
				this.pair.due().demand(Trigger.REQUESTED);
				this.failures.endPause();
			}
			reconcile();
		}));
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
		this.serial.execute(() -> this.delivery.rotated(previous, current));
	}

	/** Listeners are called after this step, as they are for a new pair. */
	private void failed(CertificateStatus.Failure failure) {
		this.serial.execute(() -> this.delivery.deliver((listener) -> listener.failed(name(), failure)));
	}

	/** From any thread. */
	private void wake() {
		this.serial.execute(this::reconcile);
	}

	private void reconcile() {
		step((now) -> {
			Duration untilAsked = this.templates.ask();
			return Collections.min(List.of(review(now), untilAsked));
		});
	}

	private Duration review(Instant now) {
		CertificatePair adopted = this.pair.adoptStored(this.templates.latest(), now);
		if (adopted != null) {
			boolean answer = this.pendingRequests.isAnsweredBy(adopted);
			this.pair.due().came(adopted, answer ? this.pendingRequests.ahead() : null, now);
			this.rotation.adopted(adopted, now);
			this.pair.due().reportAtOnce(adopted, false);
		}
		if (this.forced.isRequested()) {
			// A pair that was adopted meanwhile is not what was asked for
			this.pair.due().demand(Trigger.REQUESTED);
		}
		this.rotation.review(this.templates.latest(), now);
		this.report.warn(this.rotation.isInProgress(), now);
		return Collections
			.min(List.of(this.rotation.untilDue(this.templates.latest(), now), this.pair.repair().untilNext(now)));
	}

	/**
	 * @param step takes the step, and returns when the next one is due
	 */
	private void step(Function<Instant, Duration> step) {
		this.cancelTimer.run();
		if (this.stopped) {
			// Also what was begun while another thread called stop()
			this.templates.unfollow();
			this.rotation.cancel();
			return;
		}
		if (!this.started.get()) {
			return;
		}
		Instant now = this.settings.clock().instant();
		// On the second: one wake-up for many certificates takes a third less CPU at rest
		Duration idleCheck = Duration.between(now, now.plus(this.settings.idleCheck()).truncatedTo(ChronoUnit.SECONDS));
		Duration untilNextStep = idleCheck;
		try {
			untilNextStep = this.warnings.untilDue(now, Collections.min(List.of(step.apply(now), idleCheck)));
		}
		catch (Throwable ex) {
			this.forced.end((future) -> future.completeExceptionally(ex));
			RotationLog.about(this.settings, logger.atError())
				.setCause(ex)
				.log("[{}] Rotation check failed; retrying: {}", ex.toString());
		}
		finally {
			this.cancelTimer = this.settings.resources()
				.scheduler()
				.schedule(() -> this.serial.run(this::reconcile),
						untilNextStep.isNegative() ? Duration.ZERO : untilNextStep);
			this.report.update();
		}
	}

	/** Other certificates are not affected: each has an executor of its own. */
	private void stuck(Throwable stack) {
		RotationLog.about(this.settings, logger.atError())
			.setCause(stack)
			.log("[{}] A step of the rotation has not returned for {}: the certificate is not rotated until it does. "
					+ "If it is an access to a file, check the file system", ReadableDuration.of(STUCK_AFTER));
	}

}
