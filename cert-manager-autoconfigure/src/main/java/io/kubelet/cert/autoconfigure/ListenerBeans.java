package io.kubelet.cert.autoconfigure;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Tells the listeners among the beans. They are looked up when all beans are there, since
 * a listener may use an HTTP client, which needs the SSL bundles, which wait for the
 * first certificate; what happens before is told then.
 */
final class ListenerBeans implements SmartInitializingSingleton {

	private static final Logger logger = LoggerFactory.getLogger(ListenerBeans.class);

	private final ObjectProvider<RotationListener> beans;

	private final List<Consumer<RotationListener>> early = new ArrayList<>();

	private @Nullable List<RotationListener> listeners;

	ListenerBeans(ObjectProvider<RotationListener> beans) {
		this.beans = beans;
	}

	/** One listener for all of them. */
	RotationListener asOne() {
		return new All();
	}

	@Override
	public void afterSingletonsInstantiated() {
		List<RotationListener> found = this.beans.orderedStream().toList();
		List<Consumer<RotationListener>> missed;
		synchronized (this.early) {
			this.listeners = found;
			missed = List.copyOf(this.early);
			this.early.clear();
		}
		missed.forEach((event) -> found.forEach((listener) -> tell(listener, event)));
	}

	private void tell(Consumer<RotationListener> event) {
		List<RotationListener> listeners;
		synchronized (this.early) {
			listeners = this.listeners;
			if (listeners == null) {
				this.early.add(event);
				return;
			}
		}
		listeners.forEach((listener) -> tell(listener, event));
	}

	private static void tell(RotationListener listener, Consumer<RotationListener> event) {
		try {
			event.accept(listener);
		}
		catch (RuntimeException | LinkageError ex) {
			logger.error("Rotation listener {} failed; the rotation goes on", listener.getClass().getName(), ex);
		}
	}

	private final class All implements RotationListener {

		@Override
		public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
			tell((listener) -> listener.rotated(name, previous, current));
		}

		@Override
		public void failed(String name, RotationFailure failure) {
			tell((listener) -> listener.failed(name, failure));
		}

		@Override
		public void overdue(String name, CertificatePair current) {
			tell((listener) -> listener.overdue(name, current));
		}

		@Override
		public void expired(String name, CertificatePair expired) {
			tell((listener) -> listener.expired(name, expired));
		}

		@Override
		public void unavailable(String name) {
			tell((listener) -> listener.unavailable(name));
		}

	}

}
