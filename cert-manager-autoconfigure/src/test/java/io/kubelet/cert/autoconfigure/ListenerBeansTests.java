package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.MemoryStore;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import io.kubelet.cert.testsupport.CertificateContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Listeners among the beans: told of everything once, one call at a time, in order.
 */
class ListenerBeansTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.starter()
			.withUserConfiguration(CertificateManagerAutoConfigurationTests.SignerConfiguration.class)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory, "kubelet.cert.template.common-name=app",
					"kubelet.cert.signer-name=example.com/app");
	}

	@ParameterizedTest
	@ValueSource(classes = { RotatingListener.class, RotatingEventListener.class })
	void whatHappensWhileAListenerIsToldOfTheFirstCertificateComesAfterIt(Class<? extends Telling> listener) {
		runner().withUserConfiguration(listener)
			.run((context) -> Awaitility.await()
				.untilAsserted(() -> assertThat(context.getBean(Telling.class).told).containsExactly("first begins",
						"first ends", "second begins", "second ends")));
	}

	/** The certificates share two threads, and each of these listeners could hold one. */
	@Test
	void listenersThatBlockKeepNoCertificateFromRotating() {
		runner().withUserConfiguration(BlockingEventListeners.class)
			.withPropertyValues("kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.additional.second.template.common-name=second",
					"kubelet.cert.additional.second.signer-name=example.com/app",
					"kubelet.cert.additional.third.template.common-name=third",
					"kubelet.cert.additional.third.signer-name=example.com/app")
			.run((context) -> {
				BlockingEventListeners listeners = context.getBean(BlockingEventListeners.class);
				try {
					Awaitility.await()
						.untilAsserted(() -> assertThat(listeners.told).contains("kubelet-client", "second"));
					CertificateManagers managers = context.getBean(CertificateManagers.class);
					for (String name : List.of("third", "second", "kubelet-client", "third")) {
						assertThat(managers.get(name).rotate()).succeedsWithin(Duration.ofMinutes(2));
					}
					assertTold(context, "kubelet-client", "second", "third", "third", "third");
				}
				finally {
					listeners.released.countDown();
				}
			});
	}

	/** As the context of a Spring Cloud client, which is created when it is injected. */
	@Test
	void childContextThatIsRefreshedMeanwhileChangesNothing() {
		runner().withUserConfiguration(ListenerWithAChildContext.class)
			.run((context) -> assertTold(context, "kubelet-client"));
	}

	@Test
	void errorOfOneListenerKeepsNoOtherFromTheFirstCertificate() {
		runner().withUserConfiguration(FailingListener.class, RotatingListener.class)
			.run((context) -> assertTold(context, "first begins", "first ends", "second begins", "second ends"));
	}

	@Test
	void listenerForEventsThatThrowsDoesNotKeepTheApplicationFromStarting() {
		runner().withUserConfiguration(FailingEventListener.class)
			.withPropertyValues("kubelet.cert.additional.other.template.common-name=other",
					"kubelet.cert.additional.other.signer-name=example.com/app")
			.run((context) -> assertTold(context, "kubelet-client", "other"));
	}

	@Test
	void managersOfTheApplicationsOwnAreToldOfToo() {
		runner().withUserConfiguration(OwnManagers.class, CountingListener.class).run((context) -> {
			assertThat(context.getBean(CertificateManagers.class).names()).containsExactly("own");
			assertTold(context, "listener own", "event own");
			context.getBean(CertificateManagers.class).get("own").rotate().get(120, TimeUnit.SECONDS);
			assertTold(context, "listener own", "event own", "listener own", "event own");
		});
	}

	@Test
	void oneManagerOfTheApplicationsOwnIsToldOfToo() {
		runner().withUserConfiguration(OwnManager.class, CountingListener.class)
			.run((context) -> assertTold(context, "listener own", "event own", "listener kubelet-client",
					"event kubelet-client"));
	}

	private static void assertTold(AssertableApplicationContext context, String... events) {
		assertThat(context).hasNotFailed();
		List<String> told = context.getBean(Telling.class).told;
		Awaitility.await().untilAsserted(() -> assertThat(told).containsExactlyInAnyOrder(events));
	}

	/** A listener that is called with the name of each certificate that is rotated. */
	record Rotated(Consumer<String> action) implements RotationListener {

		@Override
		public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
			this.action.accept(name);
		}

	}

	/** Notes what its listeners are told. */
	abstract static class Telling {

		final List<String> told = new CopyOnWriteArrayList<>();

	}

	/** Rotates once more when it is told of the first certificate, and waits for it. */
	private static final class Rotation {

		private final ObjectProvider<CertificateManager> manager;

		private final List<String> told;

		Rotation(ObjectProvider<CertificateManager> manager, List<String> told) {
			this.manager = manager;
			this.told = told;
		}

		void told() {
			String name = this.told.contains("first begins") ? "second" : "first";
			this.told.add(name + " begins");
			if (name.equals("first")) {
				try {
					this.manager.getObject().rotate().get(120, TimeUnit.SECONDS);
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
			}
			this.told.add(name + " ends");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ListenerWithAChildContext extends Telling {

		@Bean
		RotationListener listener(ApplicationContext context) {
			AnnotationConfigApplicationContext child = new AnnotationConfigApplicationContext();
			child.setParent(context);
			child.refresh();
			return new Rotated(this.told::add);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RotatingListener extends Telling {

		@Bean
		RotationListener listener(ObjectProvider<CertificateManager> manager) {
			Rotation rotation = new Rotation(manager, this.told);
			return new Rotated((name) -> rotation.told());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RotatingEventListener extends Telling {

		private final Rotation rotation;

		RotatingEventListener(ObjectProvider<CertificateManager> manager) {
			this.rotation = new Rotation(manager, this.told);
		}

		@EventListener(CertificateRotatedEvent.class)
		void rotated() {
			this.rotation.told();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BlockingEventListeners extends Telling {

		final CountDownLatch released = new CountDownLatch(1);

		@EventListener
		void first(CertificateRotatedEvent event) throws InterruptedException {
			block("kubelet-client", event);
		}

		@EventListener
		void second(CertificateRotatedEvent event) throws InterruptedException {
			block("second", event);
		}

		@EventListener
		void third(CertificateRotatedEvent event) {
			if (event.getName().equals("third")) {
				this.told.add("third");
			}
		}

		private void block(String name, CertificateRotatedEvent event) throws InterruptedException {
			if (event.getName().equals(name)) {
				this.told.add(name);
				this.released.await();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingListener {

		@Bean
		@Order(0)
		RotationListener failing() {
			return new Rotated((name) -> {
				throw new AssertionError("not today");
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingEventListener extends Telling {

		@EventListener
		void rotated(CertificateRotatedEvent event) {
			this.told.add(event.getName());
			throw new IllegalStateException("not today");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnManagers {

		@Bean(initMethod = "start", destroyMethod = "stop")
		CertificateManagers ownManagers(RotationScheduler scheduler, SignerSource signers) {
			return new CertificateManagers(List.of(own(scheduler, signers)));
		}

		static CertificateManager own(RotationScheduler scheduler, SignerSource signers) {
			return new CertificateManagerBuilder("own").signerName("example.com/own")
				.usages(List.of(Usage.CLIENT_AUTH))
				.template(CertificateTemplate.ofSubject("own"))
				.store(new MemoryStore())
				.signers(signers)
				.scheduler(scheduler)
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnManager {

		@Bean(initMethod = "start", destroyMethod = "stop")
		CertificateManager ownManager(RotationScheduler scheduler, SignerSource signers) {
			return OwnManagers.own(scheduler, signers);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CountingListener extends Telling {

		@Bean
		RotationListener counting() {
			return new Rotated((name) -> this.told.add("listener " + name));
		}

		@EventListener
		void rotated(CertificateRotatedEvent event) {
			this.told.add("event " + event.getName());
		}

	}

}
