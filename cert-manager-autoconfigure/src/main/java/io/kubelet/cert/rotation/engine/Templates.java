package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.Executor;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The template of a certificate: fixed, or the latest answer of a supplier. A supplier is
 * called on a thread of the application's, since it may block. Used on the certificate's
 * lane only.
 */
final class Templates {

	private static final Logger logger = LoggerFactory.getLogger(Templates.class);

	/** How long a supplier may take before the status and the log report it. */
	static final Duration PATIENCE = Duration.ofSeconds(10);

	private final String name;

	private final @Nullable CertificateTemplateSupplier supplier;

	private final Executor executor;

	private final Lane lane;

	private @Nullable CertificateTemplate template;

	private @Nullable String waitingFor;

	private String problem = "";

	private @Nullable Instant askedAt;

	Templates(String name, @Nullable CertificateTemplate fixed, @Nullable CertificateTemplateSupplier supplier,
			Executor executor, Lane lane) {
		this.name = name;
		this.template = fixed;
		this.supplier = supplier;
		this.executor = executor;
		this.lane = lane;
	}

	/** The template, {@code null} while it is not known. */
	@Nullable CertificateTemplate latest() {
		return this.template;
	}

	/**
	 * What has to become known before the template is, {@code null} if that is unknown.
	 */
	@Nullable String waitingFor() {
		return this.waitingFor;
	}

	/** Whether the supplier was called and has not returned. */
	boolean isAwaited() {
		return this.askedAt != null;
	}

	/**
	 * Brings the template up to date: calls the supplier, unless it has not returned from
	 * the last call.
	 * @param then runs on the lane when the supplier has returned
	 */
	void update(Instant now, Runnable then) {
		CertificateTemplateSupplier supplier = Objects.requireNonNull(this.supplier);
		if (this.askedAt == null) {
			this.executor.execute(() -> ask(supplier, then));
			this.askedAt = now;
		}
		else if (Duration.between(this.askedAt, now).compareTo(PATIENCE) >= 0) {
			waitFor("the template supplier " + supplier.getClass().getName() + ", which has not returned since "
					+ this.askedAt);
		}
	}

	private void ask(CertificateTemplateSupplier supplier, Runnable then) {
		Runnable answer;
		try {
			CertificateTemplate template = supplier.get().orElse(null);
			String waitingFor = (template == null) ? supplier.waitingFor().orElse(null) : null;
			answer = () -> answered(template, waitingFor);
		}
		catch (Throwable ex) {
			answer = () -> failed(ex);
		}
		Runnable taken = answer;
		this.lane.execute(() -> {
			this.askedAt = null;
			taken.run();
			then.run();
		});
	}

	private void answered(@Nullable CertificateTemplate template, @Nullable String waitingFor) {
		this.template = template;
		this.problem = "";
		waitFor(waitingFor);
	}

	private void failed(Throwable ex) {
		this.template = null;
		this.waitingFor = null;
		if (!this.problem.equals(ex.toString())) {
			this.problem = ex.toString();
			logger.error("[{}] The template supplier failed; nothing is requested until it returns a template",
					this.name, ex);
		}
	}

	private void waitFor(@Nullable String what) {
		if (what != null && !what.equals(this.waitingFor)) {
			logger.atLevel((this.askedAt != null) ? Level.WARN : Level.INFO)
				.log("[{}] Nothing is requested yet: waiting for {}", this.name, what);
		}
		this.waitingFor = what;
	}

}
