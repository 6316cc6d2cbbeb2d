package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The template of a certificate: fixed, or the latest answer of a supplier. A supplier is
 * called on a thread of the application's, since it may block, and by one at a time, and
 * nothing waits for it: until it gives another answer, the last one stays in use.
 */
final class Templates implements Runnable {

	private static final Logger logger = LoggerFactory.getLogger(Templates.class);

	/** How long a supplier may take before the status and the log report it. */
	static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final Duration SIGNAL_DELAY = Duration.ofSeconds(1);

	private final RotationSettings settings;

	private final @Nullable CertificateTemplateSupplier supplier;

	private final SerialExecutor serial;

	private final Runnable changed;

	private volatile Answer answer;

	/** The last one, which is about to become the answer. */
	private volatile Answer next;

	/** Whether its signals count. */
	private volatile boolean followed;

	/** Whether a further call is scheduled because of a signal during the last one. */
	private final AtomicBoolean repeated = new AtomicBoolean();

	/** What waits for an answer. */
	private final Set<CompletableFuture<?>> awaited = ConcurrentHashMap.newKeySet();

	/** Calls the supplier. */
	private final SerialExecutor calls;

	/** Whether it is known that it has not returned in time. */
	private final AtomicBoolean late = new AtomicBoolean();

	/** How many rounds in a row have found that it has not returned. */
	private final AtomicInteger missedRounds = new AtomicInteger();

	/**
	 * @param fixed the template if there is no supplier, {@code null} if there is none
	 * @param changed run on the serial executor when the supplier has given another
	 * answer
	 */
	Templates(RotationSettings settings, @Nullable CertificateTemplate fixed,
			@Nullable CertificateTemplateSupplier supplier, SerialExecutor serial, Runnable changed) {
		this.settings = settings;
		this.answer = new Answer((supplier == null) ? fixed : null, null, "");
		this.next = this.answer;
		this.supplier = supplier;
		this.serial = serial;
		this.changed = changed;
		SharedResources resources = settings.resources();
		this.calls = new SerialExecutor(resources.executor(), resources.scheduler(), PATIENCE, this::late);
	}

	/** The template, {@code null} while it is not known. */
	@Nullable CertificateTemplate latest() {
		return this.answer.template;
	}

	/**
	 * What has to become known before the template is, {@code null} if that is unknown.
	 */
	@Nullable String waitingFor() {
		return this.answer.waitingFor;
	}

	/** Follows the supplier: it signals its changes, or is asked in rounds. */
	void follow() {
		this.followed = true;
		if (this.supplier != null && !this.supplier.onChange(this::signalled) && !this.settings.off()) {
			this.settings.resources().rounds().add(this);
		}
	}

	void unfollow() {
		this.followed = false;
		this.settings.resources().rounds().remove(this);
		this.awaited.forEach((future) -> future.complete(null));
	}

	/** On a thread of the application's, which no failure of ours reaches. */
	private void signalled() {
		try {
			if (this.followed && !this.calls.executeIfIdle(this::call) && this.repeated.compareAndSet(false, true)) {
				// Not at once, because it may signal in each call
				this.settings.resources().scheduler().schedule(() -> {
					this.repeated.set(false);
					signalled();
				}, SIGNAL_DELAY);
			}
		}
		catch (Throwable ex) {
			logger.error("[{}] The template supplier cannot be asked at its signal; it is asked later",
					this.settings.name(), ex);
		}
	}

	/** Asks the supplier in a round, unless it has not returned from the last call. */
	@Override
	public void run() {
		if (this.calls.runIfIdle(this::call)) {
			this.missedRounds.set(0);
		}
		else if (this.missedRounds.incrementAndGet() == PATIENCE.dividedBy(TemplateRounds.INTERVAL)) {
			late();
		}
	}

	/**
	 * Asks the supplier on a thread of the application's. One that does not return is
	 * reported.
	 */
	void ask() {
		if (this.supplier != null) {
			this.calls.executeIfIdle(this::call);
		}
	}

	/** Whether nothing can be requested before the supplier has answered. */
	boolean isAwaited() {
		return this.supplier != null && latest() == null;
	}

	/**
	 * Runs a task on the serial executor once the supplier has answered a call that
	 * begins from now on, or has not for a while; at once if there is no thread for it.
	 */
	void askBefore(Runnable task) {
		if (this.supplier == null || !this.followed) {
			task.run();
			return;
		}
		CompletableFuture<Void> answer = this.calls.submit(this::call);
		this.awaited.add(answer);
		answer.whenComplete((returned, failure) -> {
			this.awaited.remove(answer);
			if (failure != null) {
				logger.error("[{}] The template supplier cannot be asked; its last template stays in use",
						this.settings.name(), failure);
			}
			this.serial.execute(task);
		});
	}

	private Runnable late(Throwable stack) {
		late();
		return () -> {
		};
	}

	private void late() {
		if (!this.late.getAndSet(true)) {
			String problem = "the template supplier " + Objects.requireNonNull(this.supplier).getClass().getName()
					+ ", which has not returned since " + this.settings.clock().instant().minus(PATIENCE);
			answered(new Answer(this.next.template, problem, problem));
		}
	}

	private void call() {
		this.late.set(false);
		answered(answer(Objects.requireNonNull(this.supplier)));
	}

	private synchronized void answered(Answer answer) {
		if (!answer.equals(this.next)) {
			this.next = answer;
			this.serial.execute(() -> {
				take(answer);
				this.changed.run();
			});
		}
	}

	private Answer answer(CertificateTemplateSupplier supplier) {
		try {
			CertificateTemplate template = supplier.get().orElse(null);
			return new Answer(template, (template == null) ? supplier.waitingFor().orElse(null) : null, "");
		}
		catch (Throwable ex) {
			if (!ex.toString().equals(this.next.problem)) {
				logger.error(
						(this.next.template == null)
								? "[{}] The template supplier failed; nothing is requested until it returns a template"
								: "[{}] The template supplier failed; its last template stays in use",
						this.settings.name(), ex);
			}
			return new Answer(this.next.template, null, ex.toString());
		}
	}

	private void take(Answer answer) {
		if (answer.problem.isEmpty() && !this.answer.problem.isEmpty()) {
			logger.info("[{}] The template supplier answers again", this.settings.name());
		}
		String waitingFor = answer.waitingFor;
		if (waitingFor != null && !waitingFor.equals(this.answer.waitingFor)) {
			logger.atLevel(answer.problem.isEmpty() ? Level.INFO : Level.WARN)
				.log((answer.template == null) ? "[{}] Nothing is requested yet: waiting for {}"
						: "[{}] The last template stays in use: waiting for {}", this.settings.name(), waitingFor);
		}
		this.answer = answer;
	}

	private record Answer(@Nullable CertificateTemplate template, @Nullable String waitingFor, String problem) {

	}

}
