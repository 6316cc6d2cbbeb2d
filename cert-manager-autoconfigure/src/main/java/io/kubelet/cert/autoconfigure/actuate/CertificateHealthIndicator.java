package io.kubelet.cert.autoconfigure.actuate;

import java.time.Clock;
import java.time.Duration;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * The health of one certificate: {@code DOWN} while there is none that is valid,
 * otherwise {@code UP}. A certificate whose rotation is overdue has the configured
 * status. What is wrong is a warning among the details.
 * <p>
 * What counts is the fraction of the lifetime that is left, not a number of days: a
 * certificate for an hour and one for a year are overdue after the same fraction.
 */
class CertificateHealthIndicator extends AbstractHealthIndicator {

	private final CertificateManager manager;

	private final Status overdue;

	private final Supplier<@Nullable String> copyProblem;

	private final Clock clock;

	/**
	 * Creates an indicator.
	 * @param manager the certificate
	 * @param overdue the status of a certificate whose rotation is overdue
	 * @param copyProblem says why there is no copy of the pair, {@code null} if nothing
	 * is wrong
	 * @param clock the clock
	 */
	CertificateHealthIndicator(CertificateManager manager, Status overdue, Supplier<@Nullable String> copyProblem,
			Clock clock) {
		super("The certificate's health check failed");
		this.manager = manager;
		this.overdue = overdue;
		this.copyProblem = copyProblem;
		this.clock = clock;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		CertificateStatus status = this.manager.status();
		builder.status(switch (status.state()) {
			case EXPIRED, NOT_YET_VALID, WAITING -> Status.DOWN;
			case OVERDUE -> this.overdue;
			case VALID, ROTATING, STATIC -> Status.UP;
		});
		builder.withDetail("state", status.state());
		CertificatePair pair = status.pair();
		if (pair != null) {
			builder.withDetail("notAfter", pair.notAfter());
			builder.withDetail("lifetimeLeft", percent(pair) + " %");
			if (status.state() == CertificateStatus.State.NOT_YET_VALID) {
				builder.withDetail("notBefore", pair.notBefore());
			}
		}
		CertificateStatus.ConfirmedRequest pending = status.pendingRequest();
		CertificateStatus.Failure failure = status.lastFailure();
		add(builder, "warning", warning(status));
		add(builder, "pendingRequest", (pending != null) ? pending.name() : null);
		add(builder, "pendingRequestMessage",
				(pending != null && !pending.message().isEmpty()) ? pending.message() : null);
		add(builder, "waitingFor", status.health().waitingFor());
		add(builder, "stuckSince", status.health().stuckSince());
		add(builder, "lastFailure", (failure != null) ? failure.reason() : null);
		add(builder, "lastFailureMessage", (failure != null) ? failure.message() : null);
	}

	private static void add(Health.Builder builder, String detail, @Nullable Object value) {
		if (value != null) {
			builder.withDetail(detail, value);
		}
	}

	private long percent(CertificatePair pair) {
		long lifetime = Math.max(1, pair.lifetime().toMillis());
		long left = Duration.between(this.clock.instant(), pair.notAfter()).toMillis();
		return Math.max(0, Math.min(100, left * 100 / lifetime));
	}

	private @Nullable String warning(CertificateStatus status) {
		CertificatePair pair = status.pair();
		return (pair == null) ? status.health().storeProblem() : switch (status.state()) {
			case OVERDUE -> "A new certificate is overdue since %s; this one is valid for another %s".formatted(
					status.schedule().overdueAt(),
					ReadableDuration.of(Duration.between(this.clock.instant(), pair.notAfter())));
			case EXPIRED -> "The certificate expired at %s: peers refuse it".formatted(pair.notAfter());
			case NOT_YET_VALID ->
				"The certificate is not valid before %s: peers refuse it until then. Check the clock of this machine"
					.formatted(pair.notBefore());
			case VALID, ROTATING, STATIC, WAITING ->
				(status.health().storeProblem() != null) ? status.health().storeProblem() : this.copyProblem.get();
		};
	}

}
