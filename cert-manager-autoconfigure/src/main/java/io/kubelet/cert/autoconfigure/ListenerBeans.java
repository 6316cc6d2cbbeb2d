package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.internal.Recipient;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;

/**
 * Connects the listeners among the beans, the one that publishes application events among
 * them, with all certificates. The beans are looked up when the context has been
 * refreshed, since a listener may use an HTTP client, which needs the SSL bundles, which
 * wait for the first certificate. Earlier events are kept until then.
 * <p>
 * Managers that the application defines itself are attached before their init method is
 * called: a manager that is started in its {@code @Bean} method has begun without the
 * listeners.
 */
final class ListenerBeans implements ApplicationListener<ContextRefreshedEvent>, BeanPostProcessor {

	private final ApplicationContext context;

	private final ObjectProvider<RotationListener> beans;

	private final ObjectProvider<RotationScheduler> scheduler;

	private final Executor threads;

	private final Set<CertificateManager> attached = Collections.newSetFromMap(new IdentityHashMap<>());

	/** Known when the context has been refreshed. */
	private final CompletableFuture<List<RotationListener>> listeners = new CompletableFuture<>();

	ListenerBeans(ApplicationContext context, ObjectProvider<RotationListener> beans,
			ObjectProvider<RotationScheduler> scheduler, Executor threads) {
		this.context = context;
		this.beans = beans;
		this.scheduler = scheduler;
		this.threads = threads;
	}

	/** Connects the listeners with these certificates, unless that was done already. */
	void attach(CertificateManagers managers) {
		managers.forEach(this::attach);
	}

	private synchronized void attach(CertificateManager manager) {
		if (this.attached.add(manager)) {
			manager.addListener(new Relay(manager.name()));
		}
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String beanName) {
		if (bean instanceof CertificateManagers managers) {
			attach(managers);
		}
		else if (bean instanceof CertificateManager manager) {
			attach(manager);
		}
		return bean;
	}

	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		// A child context may be refreshed while a listener is created
		if (event.getApplicationContext() == this.context) {
			this.listeners.complete(this.beans.orderedStream().toList());
		}
	}

	/**
	 * Passes the events of one certificate on, in their order, once the listeners are
	 * known. Each of them has a queue of its own, so that none waits for another.
	 */
	private final class Relay implements RotationListener {

		private CompletableFuture<List<Recipient<RotationListener>>> recipients;

		Relay(String name) {
			this.recipients = ListenerBeans.this.listeners.thenApply((listeners) -> listeners.stream()
				.map((listener) -> new Recipient<>(name, listener, ListenerBeans.this.threads,
						ListenerBeans.this.scheduler.getObject(), Clock.systemUTC()))
				.toList());
		}

		private synchronized void pass(Consumer<RotationListener> event) {
			this.recipients = this.recipients.thenApply((recipients) -> {
				recipients.forEach((recipient) -> recipient.call(event));
				return recipients;
			});
		}

		@Override
		public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
			pass((listener) -> listener.rotated(name, previous, current));
		}

		@Override
		public void failed(String name, CertificateStatus.Failure failure) {
			pass((listener) -> listener.failed(name, failure));
		}

		@Override
		public void overdue(String name, CertificatePair current) {
			pass((listener) -> listener.overdue(name, current));
		}

		@Override
		public void expired(String name, CertificatePair expired) {
			pass((listener) -> listener.expired(name, expired));
		}

		@Override
		public void notYetValid(String name, CertificatePair pair) {
			pass((listener) -> listener.notYetValid(name, pair));
		}

		@Override
		public void unavailable(String name) {
			pass((listener) -> listener.unavailable(name));
		}

	}

}
