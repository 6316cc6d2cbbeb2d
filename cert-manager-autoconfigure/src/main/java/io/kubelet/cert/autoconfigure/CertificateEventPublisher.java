package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.event.CertificateExpiredEvent;
import io.kubelet.cert.event.CertificateNotYetValidEvent;
import io.kubelet.cert.event.CertificateOverdueEvent;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.event.CertificateRotationFailedEvent;
import io.kubelet.cert.event.CertificateUnavailableEvent;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * Publishes the events of certificates as application events.
 */
record CertificateEventPublisher(ApplicationEventPublisher publisher) implements RotationListener {

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		this.publisher.publishEvent(
				new CertificateRotatedEvent(name, (previous != null) ? previous.leaf() : null, current.leaf()));
	}

	@Override
	public void failed(String name, CertificateStatus.Failure failure) {
		this.publisher.publishEvent(new CertificateRotationFailedEvent(name, failure));
	}

	@Override
	public void overdue(String name, CertificatePair current) {
		this.publisher.publishEvent(new CertificateOverdueEvent(name, current.leaf()));
	}

	@Override
	public void expired(String name, CertificatePair expired) {
		this.publisher.publishEvent(new CertificateExpiredEvent(name, expired.leaf()));
	}

	@Override
	public void notYetValid(String name, CertificatePair pair) {
		this.publisher.publishEvent(new CertificateNotYetValidEvent(name, pair.leaf()));
	}

	@Override
	public void unavailable(String name) {
		this.publisher.publishEvent(new CertificateUnavailableEvent(name));
	}

}
