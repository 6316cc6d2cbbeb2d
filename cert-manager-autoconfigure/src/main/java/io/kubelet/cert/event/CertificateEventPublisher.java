package io.kubelet.cert.event;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * Publishes the events of certificates as application events.
 */
public final class CertificateEventPublisher implements RotationListener {

	private final ApplicationEventPublisher publisher;

	/**
	 * Creates a publisher.
	 * @param publisher where to publish
	 */
	public CertificateEventPublisher(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		this.publisher.publishEvent(
				new CertificateRotatedEvent(name, (previous != null) ? previous.leaf() : null, current.leaf()));
	}

	@Override
	public void failed(String name, RotationFailure failure) {
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
	public void unavailable(String name) {
		this.publisher.publishEvent(new CertificateUnavailableEvent(name));
	}

}
