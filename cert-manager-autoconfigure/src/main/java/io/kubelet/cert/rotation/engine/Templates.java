package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The template of a certificate: fixed, or the latest answer of a supplier. A supplier is
 * called on a thread of the application's, since it may block, and by one at a time.
 * While it fails or does not return, its last answer stays in use. Used on the
 * certificate's serial executor only, except in {@link TemplateRounds}.
 */
final class Templates implements Runnable {

	private static final Logger logger = LoggerFactory.getLogger(Templates.class);

	/** How long a supplier may take before the status and the log report it. */
	static final Duration PATIENCE = Duration.ofSeconds(10);

	private final RotationSettings settings;

	private final @Nullable CertificateTemplateSupplier supplier;

	private final SerialExecutor serial;

	private final Runnable reconcile;

	private final Runnable review;

	private volatile Answer answer;

	/** Since when the supplier has been called, by whichever thread. */
	private @Nullable Instant askedAt;

	/** Whether the answer is needed even if it is the same as before. */
	private boolean needed;

	/**
	 * @param fixed the template if there is no supplier, {@code null} if there is none
	 * @param reconcile run on the serial executor when the template may have changed:
	 * {@linkplain #update updates} it
	 * @param review run on the serial executor when the supplier has returned
	 */
	Templates(RotationSettings settings, @Nullable CertificateTemplate fixed,
			@Nullable CertificateTemplateSupplier supplier, SerialExecutor serial, Runnable reconcile,
			Runnable review) {
		this.settings = settings;
		this.answer = new Answer((supplier == null) ? fixed : null, null, "");
		this.supplier = supplier;
		this.serial = serial;
		this.reconcile = reconcile;
		this.review = review;
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
		if (this.supplier != null && !this.supplier.onChange(this::wake) && !this.settings.off()) {
			this.settings.resources().rounds().add(this);
		}
	}

	void unfollow() {
		this.settings.resources().rounds().remove(this);
	}

	private void wake() {
		this.serial.execute(this.reconcile);
	}

	/**
	 * Asks the supplier in a round. Involves the certificate only if there is no answer,
	 * or another one than before.
	 */
	@Override
	public void run() {
		if (begin(this.settings.clock().instant(), false) == null) {
			ask();
		}
		else {
			wake();
		}
	}

	/**
	 * Brings the template up to date: calls the supplier, unless it has not returned from
	 * the last call.
	 * @return how long to wait for it; zero if the last answer applies
	 */
	Duration update(Instant now) {
		if (this.supplier == null) {
			return Duration.ZERO;
		}
		Instant askedAt = begin(now, true);
		if (askedAt == null) {
			try {
				this.settings.resources().executor().execute(this::ask);
			}
			catch (Throwable ex) {
				end();
				throw ex;
			}
			return PATIENCE;
		}
		Duration left = PATIENCE.minus(Duration.between(askedAt, now));
		if (left.isNegative() || left.isZero()) {
			String problem = "the template supplier " + this.supplier.getClass().getName()
					+ ", which has not returned since " + askedAt;
			take(new Answer(latest(), problem, problem), Level.WARN);
			return Duration.ZERO;
		}
		return left;
	}

	/** Returns since when the supplier has been called, {@code null} if it can be. */
	private synchronized @Nullable Instant begin(Instant now, boolean needed) {
		this.needed |= needed;
		Instant askedAt = this.askedAt;
		this.askedAt = (askedAt != null) ? askedAt : now;
		return askedAt;
	}

	private synchronized void end() {
		this.askedAt = null;
		this.needed = false;
	}

	private void ask() {
		Answer answer = answer(Objects.requireNonNull(this.supplier));
		synchronized (this) {
			if (!this.needed && answer.equals(this.answer)) {
				end();
				return;
			}
		}
		this.serial.execute(() -> {
			take(answer, Level.INFO);
			end();
			this.review.run();
		});
	}

	private Answer answer(CertificateTemplateSupplier supplier) {
		try {
			CertificateTemplate template = supplier.get().orElse(null);
			return new Answer(template, (template == null) ? supplier.waitingFor().orElse(null) : null, "");
		}
		catch (Throwable ex) {
			if (!ex.toString().equals(this.answer.problem)) {
				logger.error(
						(latest() == null)
								? "[{}] The template supplier failed; nothing is requested until it returns a template"
								: "[{}] The template supplier failed; its last template stays in use",
						this.settings.name(), ex);
			}
			return new Answer(latest(), null, ex.toString());
		}
	}

	private void take(Answer answer, Level level) {
		String waitingFor = answer.waitingFor;
		if (waitingFor != null && !waitingFor.equals(this.answer.waitingFor)) {
			logger.atLevel(level)
				.log((answer.template == null) ? "[{}] Nothing is requested yet: waiting for {}"
						: "[{}] The last template stays in use: waiting for {}", this.settings.name(), waitingFor);
		}
		if (answer.problem.isEmpty() && !this.answer.problem.isEmpty()) {
			logger.info("[{}] The template supplier works again", this.settings.name());
		}
		this.answer = answer;
	}

	private record Answer(@Nullable CertificateTemplate template, @Nullable String waitingFor, String problem) {

	}

}
