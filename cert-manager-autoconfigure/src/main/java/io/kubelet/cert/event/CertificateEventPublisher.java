package io.kubelet.cert.event;

import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.event.EventListener;

/**
 * Publishes what happens to certificates as application events. The first certificate is
 * there before the listeners are: what happens until then is kept for them.
 */
public final class CertificateEventPublisher implements RotationListener {

	private final ApplicationEventPublisher publisher;

	private final List<CertificateEvent> early = new ArrayList<>();

	private boolean ready;

	/**
	 * Create a publisher.
	 * @param publisher where to publish
	 */
	public CertificateEventPublisher(ApplicationEventPublisher publisher) {
		this.publisher = publisher;
	}

	@Override
	public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
		publish(new CertificateRotatedEvent(name, (previous != null) ? previous.leaf() : null, current.leaf()));
	}

	@Override
	public void failed(String name, RotationFailure failure) {
		publish(new CertificateRotationFailedEvent(name, failure));
	}

	@Override
	public void overdue(String name, CertificatePair current) {
		publish(new CertificateOverdueEvent(name, current.leaf()));
	}

	@Override
	public void expired(String name, CertificatePair expired) {
		publish(new CertificateExpiredEvent(name, expired.leaf()));
	}

	@Override
	public void unavailable(String name) {
		publish(new CertificateUnavailableEvent(name));
	}

	@EventListener(ContextRefreshedEvent.class)
	void publishEarlyEvents() {
		List<CertificateEvent> events;
		synchronized (this.early) {
			this.ready = true;
			events = List.copyOf(this.early);
			this.early.clear();
		}
		events.forEach(this.publisher::publishEvent);
	}

	private void publish(CertificateEvent event) {
		synchronized (this.early) {
			if (!this.ready) {
				this.early.add(event);
				return;
			}
		}
		this.publisher.publishEvent(event);
	}

}
