package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.core.Decision.Abandon;
import io.kubelet.cert.rotation.core.Decision.Step;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Decision;
import io.kubelet.cert.rotation.core.Decisions;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.Transitions;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * The rotation loop. Whatever happens (a timer, an answer, a call) leads to
 * {@link #reconcile()}, which asks for the template, does what {@link Decisions} says is
 * due, and schedules the next timer. It runs on the certificate's {@link SerialExecutor},
 * the only place where the state in {@link Journal} changes. Everybody reads that state.
 */
public final class RotatingCertificateManager implements CertificateManager {

	/** After which a step that has not returned is reported as stuck. */
	private static final Duration STUCK_AFTER = Duration.ofMinutes(1);

	/** A change of the wall clock is noticed after this time. */
	private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);

	/** So many steps are not taken without waiting for anything, unless one fails. */
	private static final int MOST_STEPS = 100;

	private static final Runnable NOTHING = () -> {
	};

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	private final Templates templates;

	private final ForcedRotations forced;

	private final Journal journal;

	private final StoreKeeper store;

	private final Rotation rotation;

	private final AtomicBoolean started = new AtomicBoolean();

	private volatile boolean stopped;

	private volatile @Nullable Instant stuckSince;

	private Runnable cancelTimer = NOTHING;

	/**
	 * Creates a manager. It reads the store, and does not start.
	 * @param settings the settings
	 * @param template the template, {@code null} if there is none
	 * @param supplier the supplier of the template, which takes precedence, {@code null}
	 * if there is none
	 * @param bootstrap a pair to use and to store if no valid one is stored, {@code null}
	 * if there is none
	 * @throws io.kubelet.cert.store.StoreException if the store cannot be read
	 */
	public RotatingCertificateManager(RotationSettings settings, @Nullable CertificateTemplate template,
			@Nullable CertificateTemplateSupplier supplier, @Nullable CertificatePair bootstrap) {
		this.settings = settings;
		RotationScheduler scheduler = settings.resources().scheduler();
		this.serial = new SerialExecutor((task) -> scheduler.schedule(task, Duration.ZERO), scheduler, STUCK_AFTER,
				this::stuck);
		this.delivery = new Delivery(settings);
		this.templates = new Templates(settings, template, supplier, this.serial, () -> step(NOTHING));
		this.forced = new ForcedRotations(settings, this.serial, this.delivery);
		this.journal = new Journal(settings, this.serial, this.delivery, this.forced, initial(bootstrap));
		this.store = new StoreKeeper(settings, this.journal, this.templates, this.forced);
		if (bootstrap != null && this.journal.state().pair() == bootstrap) {
			this.store.begin(bootstrap);
		}
		this.rotation = new Rotation(settings, this.journal, this.store, this::later, this::afterDeletion);
		settings.store().onChange(this::wake);
	}

	private State initial(@Nullable CertificatePair bootstrap) {
		Reading reading = StoreKeeper.read(this.settings, Reading.NOTHING, null);
		if (reading.failure() != null && !this.settings.policy().shared()) {
			throw reading.failure();
		}
		return Transitions.start(this.settings.policy(), reading, this.templates.latest(), bootstrap,
				this.settings.schedule().required(), this.settings.clock().instant(),
				this.settings.resources().random().getAsDouble());
	}

	@Override
	public String name() {
		return this.settings.name();
	}

	@Override
	public void start() {
		if (this.started.compareAndSet(false, true)) {
			this.serial.execute(() -> {
				State state = this.journal.state();
				Instant now = this.settings.clock().instant();
				RotationLog.started(this.settings, state.pair(), state.deadline(now), now);
				if (state.isOutdated()) {
					RotationLog.outdated(this.settings, state);
				}
				this.templates.follow();
				reconcile();
			});
		}
	}

	@Override
	public void awaitedFor(Duration timeout) {
		this.serial.execute(() -> {
			Instant end = this.settings.clock().instant().plus(timeout);
			this.journal.on((next) -> next.awaited(end));
			reconcile();
		});
	}

	@Override
	public void stop() {
		this.stopped = true;
		this.journal.cancel();
		this.forced.stop();
		wake();
	}

	@Override
	public Optional<CertificatePair> current() {
		CertificatePair pair = this.journal.state().pair();
		return (pair != null && pair.isValid(this.settings.clock().instant())) ? Optional.of(pair) : Optional.empty();
	}

	@Override
	public CertificateStatus status() {
		return new StatusReport(name(), this.journal.state()).at(this.forced.isRequested(), this.stuckSince,
				this.settings.clock().instant());
	}

	@Override
	public CompletableFuture<CertificatePair> rotate() {
		return this.forced.request(() -> this.serial.execute(() -> {
			RotationLog.requested(this.settings);
			// It may have changed since it was asked for the last time
			this.templates.askBefore(this::demanded);
		}));
	}

	private void demanded() {
		if (this.forced.isRequested()) {
			// Otherwise the pair that was asked for has come meanwhile
			this.journal.on(Transitions::demanded);
		}
		step(NOTHING);
	}

	@Override
	public void addListener(RotationListener listener) {
		this.delivery.addListener(listener);
	}

	@Override
	public void addFollower(CertificateManager.Follower follower) {
		this.delivery.addFollower(follower);
	}

	/** From any thread. */
	private void wake() {
		this.serial.execute(this::reconcile);
	}

	private void reconcile() {
		step(this.templates::ask);
	}

	/** Notes what has come for a request, then does what is due. From any thread. */
	private void later(Runnable event) {
		this.serial.execute(() -> step(() -> {
			event.run();
			this.templates.ask();
		}));
	}

	/**
	 * Completes a deletion, even after the end, then does what is due. From any thread.
	 */
	private void afterDeletion(Runnable deletion) {
		this.serial.execute(() -> {
			deletion.run();
			reconcile();
		});
	}

	/**
	 * Does what is due, and schedules the next step.
	 * @param first runs first. If it fails, the rest is done by the next step
	 */
	private void step(Runnable first) {
		this.cancelTimer.run();
		if (this.stopped) {
			// Also what was begun while another thread called stop()
			this.templates.unfollow();
			this.journal.cancel();
			return;
		}
		if (!this.started.get()) {
			return;
		}
		Instant next = Instant.MAX;
		try {
			first.run();
			next = proceed();
		}
		catch (Throwable ex) {
			this.forced.end(this.forced.take(), (future) -> future.completeExceptionally(ex));
			RotationLog.about(this.settings, Level.ERROR)
				.setCause(ex)
				.log("[{}] Rotation check failed; retrying: {}", ex.toString());
		}
		finally {
			schedule(next);
		}
	}

	/** A step may have taken long. */
	private void schedule(Instant next) {
		Instant now = this.settings.clock().instant();
		// On the second: one wake-up for many certificates takes a third less CPU at rest
		Instant latest = now.plus(LONGEST_SLEEP).truncatedTo(ChronoUnit.SECONDS);
		Instant ask = this.templates.isAwaited() ? now.plus(Templates.PATIENCE) : latest;
		Duration delay = Duration.between(now, Collections.min(List.of(latest, ask, next)));
		this.cancelTimer = this.settings.resources()
			.scheduler()
			.schedule(() -> this.serial.run(this::reconcile), delay.isNegative() ? Duration.ZERO : delay);
	}

	/**
	 * Looks at the store, and does what is due.
	 * @return when there may be something to do although nothing happens
	 */
	private Instant proceed() {
		if (this.journal.answer() == null && this.journal.state().attempt() != null) {
			// How it ended could not be noted
			this.journal.on(new Abandon());
		}
		this.store.observe();
		Decision decision = Decisions.decide(this.journal.state(), this.journal.now());
		for (int steps = 0; steps < MOST_STEPS; steps++) {
			if (decision instanceof Wait wait) {
				return wait.until();
			}
			boolean done = this.rotation.carryOut((Step) decision);
			decision = Decisions.decide(this.journal.state(), this.journal.now());
			if (!done && !(decision instanceof Wait)) {
				// A step that fails is not repeated before the next look
				return this.journal.now();
			}
		}
		throw new IllegalStateException("There is no end to what is decided: " + decision);
	}

	private Runnable stuck(Throwable stack) {
		this.stuckSince = this.settings.clock().instant().minus(STUCK_AFTER);
		RotationLog.stuck(this.settings, STUCK_AFTER, stack);
		return () -> {
			this.stuckSince = null;
			RotationLog.returned(this.settings);
		};
	}

}
