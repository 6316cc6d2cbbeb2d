package io.kubelet.cert.autoconfigure;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.internal.Listeners;

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
 * Managers are attached before their init method is called. Of those that the application
 * defines itself, a manager that is started in its {@code @Bean} method has begun without
 * the listeners.
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

	/** Connects the listeners with a certificate, unless that was done already. */
	private synchronized void attach(CertificateManager manager) {
		if (this.attached.add(manager)) {
			manager.addListener(new Listeners(manager.name(), this.listeners, this.threads,
					(task, delay) -> this.scheduler.getObject().schedule(task, delay)));
		}
	}

	@Override
	public Object postProcessBeforeInitialization(Object bean, String beanName) {
		if (bean instanceof CertificateManagers managers) {
			managers.forEach(this::attach);
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

}
