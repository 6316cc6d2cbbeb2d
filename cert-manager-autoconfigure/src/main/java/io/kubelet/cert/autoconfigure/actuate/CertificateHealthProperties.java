package io.kubelet.cert.autoconfigure.actuate;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.health.contributor.Status;

/**
 * Properties of the certificates' health.
 *
 * @param overdueStatus Status of a certificate whose rotation is overdue.
 */
@ConfigurationProperties("management.health.certificates")
record CertificateHealthProperties(@DefaultValue("up") OverdueStatus overdueStatus) {

	/**
	 * The possible statuses of a certificate whose rotation is overdue.
	 */
	enum OverdueStatus {

		/** Up, with a warning among the details. */
		UP,

		/** Out of service, also with the warning. */
		OUT_OF_SERVICE;

		Status status() {
			return new Status(name());
		}

	}

}
