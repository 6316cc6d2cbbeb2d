package io.kubelet.cert.event;

import java.util.ArrayDeque;
import java.util.Queue;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.context.event.EventListener;

/**
 * Publishes what happens to certificates as application events. The first certificate is
 * there before the listeners are: what happens until then is kept for them, and published
 * in its order by the thread that starts the application.
 */
public final class CertificateEventPublisher implements RotationListener {

	private static final Logger logger = LoggerFactory.getLogger(CertificateEventPublisher.class);

	private final ApplicationEventPublisher publisher;

	private final Queue<CertificateEvent> early = new ArrayDeque<>();

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
		for (CertificateEvent event = next(); event != null; event = next()) {
			try {
				this.publisher.publishEvent(event);
			}
			catch (Throwable ex) {
				logger.error("A listener for {} failed; the application starts", event, ex);
			}
		}
	}

	/** What is kept; once that is nothing, events are published directly. */
	private @Nullable CertificateEvent next() {
		synchronized (this.early) {
			CertificateEvent event = this.early.poll();
			if (event == null) {
				this.ready = true;
			}
			return event;
		}
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
