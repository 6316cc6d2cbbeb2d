package io.kubelet.cert.actuate;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationFailure;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * The health of one certificate: {@code DOWN} once it has expired, or when there is none
 * after five minutes although the API server is healthy; {@code UNKNOWN} while the
 * application waits for the first one; otherwise {@code UP}.
 */
public class CertificateHealthIndicator extends AbstractHealthIndicator {

	private final CertificateManager manager;

	/**
	 * Creates an indicator.
	 * @param manager the certificate's manager
	 */
	public CertificateHealthIndicator(CertificateManager manager) {
		super("The certificate's health check failed");
		this.manager = manager;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		CertificateStatus status = this.manager.status();
		builder.status(switch (status.state()) {
			case EXPIRED -> Status.DOWN;
			case WAITING -> status.unavailable() ? Status.DOWN : Status.UNKNOWN;
			case VALID, ROTATING, OVERDUE, STATIC -> Status.UP;
		});
		builder.withDetail("state", status.state());
		CertificatePair pair = status.pair();
		if (pair != null) {
			builder.withDetail("notAfter", pair.notAfter());
		}
		if (status.waitingFor() != null) {
			builder.withDetail("waitingFor", status.waitingFor());
		}
		RotationFailure failure = status.lastFailure();
		if (failure != null) {
			builder.withDetail("lastFailure", failure.reason());
		}
	}

}
