package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.MemoryStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Listeners among the beans: told of everything once, one call at a time, in order.
 *
 * @see ListenerBeans
 * @see RotationListener
 */
class ListenerBeansTests {

	private final List<String> told = new CopyOnWriteArrayList<>();

	@SuppressWarnings("NullAway.Init")
	private ApplicationContext context;

	@TempDir
	Path directory;

	private ApplicationContextRunner runner(String... additional) {
		ApplicationContextRunner runner = CertificateContexts.runner(this.directory)
			.withInitializer((context) -> this.context = context)
			.withPropertyValues("kubelet.cert.rotation.forced-interval=0s", "kubelet.cert.pair-name=app");
		for (String name : additional) {
			runner = runner.withPropertyValues("kubelet.cert.additional." + name + ".template.common-name=" + name,
					"kubelet.cert.additional." + name + ".signer-name=example.com/app");
		}
		return runner;
	}

	@Test
	void whatHappensWhileAListenerIsToldOfTheFirstCertificateComesAfterIt() {
		runner().withBean(RotationListener.class, () -> new Rotated((name) -> {
			String event = this.told.contains("first begins") ? "second" : "first";
			this.told.add(event + " begins");
			if (event.equals("first")) {
				this.context.getBean(CertificateManager.class).rotate().join();
			}
			this.told.add(event + " ends");
		}))
			.run((context) -> Awaitility.await()
				.untilAsserted(() -> assertThat(this.told).containsExactly("first begins", "first ends",
						"second begins", "second ends")));
	}

	/** The certificates share two threads, and each of these calls could hold one. */
	@Test
	void listenersThatBlockKeepNoCertificateFromRotating() {
		CompletableFuture<?> released = new CompletableFuture<>();
		runner("second", "third").withBean(RotationListener.class, () -> new Rotated((name) -> {
			this.told.add(name);
			if (!name.equals("third")) {
				released.join();
			}
		})).run((context) -> {
			assertTold("app", "second", "third");
			CertificateManagers managers = context.getBean(CertificateManagers.class);
			for (String name : List.of("third", "second", "app", "third")) {
				assertThat(managers.get(name).rotate()).succeedsWithin(Duration.ofMinutes(2));
			}
			assertTold("app", "second", "third", "third", "third");
			released.complete(null);
		});
	}

	/** As the context of a Spring Cloud client, which is created when it is injected. */
	@Test
	void listenerMayUseTheBundlesAndAChildContext() {
		runner().withBean(RotationListener.class, () -> {
			AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext();
			child.setParent(this.context);
			child.refresh();
			SslBundles bundles = child.getBeanProvider(SslBundles.class).getObject();
			return new Rotated((name) -> this.told.add(bundles.getBundle(name).getProtocol()));
		}).run((context) -> assertTold("TLS"));
	}

	@Test
	void managersOfTheApplicationsOwnAreToldOfToo() {
		counting()
			.withBean("ownManagers", CertificateManagers.class, () -> new CertificateManagers(List.of(own())),
					(definition) -> definition.setInitMethodName("start"))
			.run((context) -> {
				assertThat(context.getBean(CertificateManagers.class).names()).containsExactly("own");
				assertTold("listener own", "event own");
				context.getBean(CertificateManagers.class).get("own").rotate().get(120, TimeUnit.SECONDS);
				assertTold("listener own", "event own", "listener own", "event own");
			});
	}

	@Test
	void oneManagerOfTheApplicationsOwnIsToldOfToo() {
		counting()
			.withBean("ownManager", CertificateManager.class, this::own,
					(definition) -> definition.setInitMethodName("start"))
			.run((context) -> assertTold("listener own", "event own", "listener app", "event app"));
	}

	private ApplicationContextRunner counting() {
		return runner().withBean(RotationListener.class, () -> new Rotated((name) -> this.told.add("listener " + name)))
			.withInitializer((context) -> context
				.addApplicationListener((ApplicationListener<CertificateRotatedEvent>) (event) -> this.told
					.add("event " + event.getName())));
	}

	private CertificateManager own() {
		return new CertificateManagerBuilder("own").signerName("example.com/own")
			.template(CertificateTemplate.ofSubject("own"))
			.store(new MemoryStore())
			.signers(this.context.getBean(SignerSource.class))
			.scheduler(this.context.getBean(RotationScheduler.class))
			.build();
	}

	private void assertTold(String... events) {
		Awaitility.await().untilAsserted(() -> assertThat(this.told).containsExactlyInAnyOrder(events));
	}

	/** A listener that is called with the name of each certificate that is rotated. */
	record Rotated(Consumer<String> action) implements RotationListener {

		@Override
		public void onEvent(RotationEvent event) {
			if (event instanceof RotationEvent.Rotated) {
				this.action.accept(event.name());
			}
		}

	}

}
