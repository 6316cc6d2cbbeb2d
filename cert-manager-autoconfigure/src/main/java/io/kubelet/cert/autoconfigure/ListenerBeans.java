package io.kubelet.cert.autoconfigure;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationFailure;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Tells the listeners among the beans. They are looked up when all beans are there, since
 * a listener may use an HTTP client, which needs the SSL bundles, which wait for the
 * first certificate. What happens before is told then, by the thread that starts the
 * application and in the order in which it happened; what happens meanwhile waits behind
 * it, and from then on the rotation thread tells.
 * <p>
 * They are told of all certificates, also of those whose managers are beans of the
 * application's own: from when the {@code @Bean} method has returned. What is to be told
 * from the beginning is started by the bean's {@code initMethod}, not in the method.
 */
final class ListenerBeans implements SmartInitializingSingleton, BeanPostProcessor {

	private static final Logger logger = LoggerFactory.getLogger(ListenerBeans.class);

	private final ObjectProvider<RotationListener> beans;

	private final Set<CertificateManager> followed = Collections.newSetFromMap(new IdentityHashMap<>());

	private final Queue<Consumer<RotationListener>> early = new ArrayDeque<>();

	private @Nullable List<RotationListener> listeners;

	ListenerBeans(ObjectProvider<RotationListener> beans) {
		this.beans = beans;
	}

	/** Begin to tell of what happens to these certificates, unless that has begun. */
	void follow(CertificateManagers managers) {
		managers.forEach(this::follow);
	}

	private void follow(CertificateManager manager) {
		synchronized (this.followed) {
			if (!this.followed.add(manager)) {
				return;
			}
		}
		manager.addListener(new All());
	}

	/** Before they are started, if that is what initializes them. */
	@Override
	public Object postProcessBeforeInitialization(Object bean, String beanName) {
		if (bean instanceof CertificateManagers managers) {
			follow(managers);
		}
		else if (bean instanceof CertificateManager manager) {
			follow(manager);
		}
		return bean;
	}

	@Override
	public void afterSingletonsInstantiated() {
		List<RotationListener> found = this.beans.orderedStream().toList();
		for (Consumer<RotationListener> event = next(found); event != null; event = next(found)) {
			tell(found, event);
		}
	}

	/** What was missed; once that is nothing, the listeners are told directly. */
	private @Nullable Consumer<RotationListener> next(List<RotationListener> found) {
		synchronized (this.early) {
			Consumer<RotationListener> event = this.early.poll();
			if (event == null) {
				this.listeners = found;
			}
			return event;
		}
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
		tell(listeners, event);
	}

	/** Without the lock: a listener may wait for another thread that tells something. */
	private static void tell(List<RotationListener> listeners, Consumer<RotationListener> event) {
		for (RotationListener listener : listeners) {
			try {
				event.accept(listener);
			}
			catch (Throwable ex) {
				logger.error("Rotation listener {} failed; the rotation goes on", listener.getClass().getName(), ex);
			}
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
