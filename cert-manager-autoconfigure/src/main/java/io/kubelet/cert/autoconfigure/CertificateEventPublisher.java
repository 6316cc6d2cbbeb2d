package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.event.CertificateEvent;
import io.kubelet.cert.event.CertificateExpiredEvent;
import io.kubelet.cert.event.CertificateNotYetValidEvent;
import io.kubelet.cert.event.CertificateOverdueEvent;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.event.CertificateRotationFailedEvent;
import io.kubelet.cert.event.CertificateUnavailableEvent;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;

import org.springframework.context.ApplicationEventPublisher;

/**
 * Publishes the events of certificates as application events, which contain no keys.
 */
record CertificateEventPublisher(ApplicationEventPublisher publisher) implements RotationListener {

	@Override
	public void onEvent(RotationEvent event) {
		this.publisher.publishEvent(withoutKey(event));
	}

	private static CertificateEvent withoutKey(RotationEvent event) {
		String name = event.name();
		if (event instanceof RotationEvent.Rotated rotated) {
			CertificatePair previous = rotated.previous();
			return new CertificateRotatedEvent(name, (previous != null) ? previous.leaf() : null,
					rotated.current().leaf());
		}
		if (event instanceof RotationEvent.Failed failed) {
			return new CertificateRotationFailedEvent(name, failed.failure());
		}
		if (event instanceof RotationEvent.Overdue overdue) {
			return new CertificateOverdueEvent(name, overdue.current().leaf());
		}
		if (event instanceof RotationEvent.Expired expired) {
			return new CertificateExpiredEvent(name, expired.expired().leaf());
		}
		if (event instanceof RotationEvent.NotYetValid notYetValid) {
			return new CertificateNotYetValidEvent(name, notYetValid.pair().leaf());
		}
		return new CertificateUnavailableEvent(name);
	}

}
