package io.kubelet.cert.ssl;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Update handlers of the application that hang or throw.
 */
@ExtendWith(OutputCaptureExtension.class)
class UpdateHandlerTests {

	private static EmbeddedControlPlane plane;

	private static volatile Consumer<SslBundle> first = (bundle) -> {
	};

	@TempDir
	Path directory;

	@BeforeAll
	static void startControlPlane() {
		plane = EmbeddedControlPlane.start();
	}

	@AfterAll
	static void closeControlPlane() {
		plane.close();
	}

	/** Of one kind: the limit is waited for, and no server depends on handlers. */
	@Test
	void handlerThatHangsKeepsTheUpdateFromNoServer(CapturedOutput output) {
		CountDownLatch hang = new CountDownLatch(1);
		List<SslBundle> seen = new CopyOnWriteArrayList<>();
		first = (bundle) -> {
			seen.add(bundle);
			awaitUninterruptibly(hang);
		};
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, Handlers.class, plane, this.directory)) {
			try {
				rotateThreeTimes(server);
				assertThat(seen).hasSize(1);
				assertThat(output).containsOnlyOnce("have not returned within 5s");
			}
			finally {
				hang.countDown();
			}
			Awaitility.await().until(() -> seen.size() == 3);
			assertThat(seen).containsOnly(server.context().getBean(SslBundles.class).getBundle("server"));
		}
	}

	private static void rotateThreeTimes(RotatingServer server) {
		for (int rotation = 1; rotation <= 3; rotation++) {
			rotate(server);
		}
	}

	@ParameterizedTest
	@EnumSource
	void handlerThatThrowsKeepsTheUpdateFromNoServer(Kind kind) {
		first = (bundle) -> {
			throw new IllegalStateException("not now");
		};
		try (RotatingServer server = new RotatingServer(kind, Handlers.class, plane, this.directory)) {
			rotate(server);
		}
	}

	/** The server presents the new certificate, whatever else waits for the handler. */
	private static void rotate(RotatingServer server) {
		CompletableFuture<CertificatePair> rotation = server.context()
			.getBean(CertificateManagers.class)
			.get("server")
			.rotate();
		Awaitility.await().until(() -> rotation.isDone() && served(server).equals(rotation.join().leaf()));
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static X509Certificate served(RotatingServer server) {
		try (Connection connection = new Connection(Connection.context(plane, null), server.port(), null)) {
			return connection.serverCertificate();
		}
	}

	/** Registered before the server is created, and so before the server's own. */
	@Configuration(proxyBeanMethods = false)
	static class Handlers {

		@Bean
		static BeanPostProcessor handlers() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String name) {
					if (bean instanceof SslBundles bundles) {
						bundles.addBundleUpdateHandler("server", (bundle) -> first.accept(bundle));
					}
					return bean;
				}

			};
		}

	}

}
