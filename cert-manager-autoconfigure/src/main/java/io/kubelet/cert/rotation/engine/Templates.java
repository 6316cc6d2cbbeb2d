package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.internal.Repetitions;
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

	/** A supplier that fails now and then, or is always late, has not recovered. */
	private static final Duration END_OF_FAILURES = Duration.ofMinutes(1);

	/** Times and numbers make no message a new one. */
	private static final Pattern DIGITS = Pattern.compile("\\d+");

	private final RotationSettings settings;

	private final @Nullable CertificateTemplateSupplier supplier;

	private final SerialExecutor serial;

	private final Runnable changed;

	private volatile Answer answer;

	/** The last one, which is about to become the answer. */
	private volatile Answer next;

	private final Repetitions repetitions = new Repetitions(1);

	/** How many calls have failed, or not returned in time, since they began to. */
	private int failures;

	private Instant lastFailure = Instant.MIN;

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
		this.answer = new Answer((supplier == null) ? fixed : null, null);
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
			failed("has not returned", " since " + this.settings.clock().instant().minus(PATIENCE), null);
		}
	}

	private void call() {
		this.late.set(false);
		CertificateTemplateSupplier supplier = Objects.requireNonNull(this.supplier);
		Answer answer;
		try {
			CertificateTemplate template = supplier.get().orElse(null);
			answer = new Answer(template, (template == null) ? supplier.waitingFor().orElse(null) : null);
		}
		catch (Throwable ex) {
			failed("fails", " with " + ex.getClass().getName(), ex);
			return;
		}
		answered(answer);
	}

	private synchronized void answered(Answer answer) {
		if (this.failures > 0 && !this.settings.clock().instant().isBefore(this.lastFailure.plus(END_OF_FAILURES))) {
			this.failures = 0;
			logger.info("[{}] The template supplier answers again", this.settings.name());
		}
		if (answer.waitingFor != null && !answer.waitingFor.equals(this.next.waitingFor)) {
			logger.info("[{}] Nothing is requested yet: waiting for {}", this.settings.name(), answer.waitingFor);
		}
		take(answer);
	}

	/**
	 * The message of an exception, which may be of any length and content, is logged
	 * only.
	 */
	private synchronized void failed(String what, String details, @Nullable Throwable cause) {
		this.failures++;
		this.lastFailure = this.settings.clock().instant();
		CertificateTemplate template = this.next.template;
		String problem = "the template supplier %s, which %s%s"
			.formatted(Objects.requireNonNull(this.supplier).getClass().getName(), what, details);
		String text = (cause != null) ? DIGITS.matcher(cause.toString()).replaceAll("") : what;
		if (this.repetitions.isToBeLogged(text, this.failures, this.lastFailure)) {
			logger.atLevel((cause != null) ? Level.ERROR : Level.WARN)
				.setCause(cause)
				.log((template == null) ? "[{}] Nothing is requested yet: waiting for {}"
						: "[{}] The last template stays in use: waiting for {}", this.settings.name(), problem);
		}
		take(new Answer(template, problem));
	}

	private void take(Answer answer) {
		if (!answer.equals(this.next)) {
			this.next = answer;
			this.serial.execute(() -> {
				this.answer = answer;
				this.changed.run();
			});
		}
	}

	private record Answer(@Nullable CertificateTemplate template, @Nullable String waitingFor) {

	}

}
