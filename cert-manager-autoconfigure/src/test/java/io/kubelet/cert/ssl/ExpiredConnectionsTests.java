package io.kubelet.cert.ssl;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.HastyTrust;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections of servers whose drain outlasts the previous certificate.
 */
@ExtendWith(OutputCaptureExtension.class)
class ExpiredConnectionsTests {

	@ParameterizedTest
	@EnumSource
	void connectionThatPresentsACertificateAtItsEndIsReported(Kind kind, CapturedOutput output) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, HeldTime.class,
				"kubelet.cert.ssl.drain=" + HeldTime.FOR_GOOD)) {
			List<Runnable> ends = server.bean(HeldTime.class).ends;
			try (Connection connection = server.connect()) {
				connection.get();
				ends.clear();
				server.rotate("server");
				Awaitility.await().until(() -> {
					ends.forEach(Runnable::run);
					return output.toString()
						.contains("Connections still present a certificate of the SSL bundle 'server'");
				});
				assertThat(connection.isClosedByServer()).isFalse();
			}
		}
	}

	/** Collects what is to happen when a certificate ends. */
	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	static class HeldTime {

		private static final Duration FOR_GOOD = Duration.ofDays(1000);

		private final List<Runnable> ends = new CopyOnWriteArrayList<>();

		@Bean
		@Primary
		RotationScheduler heldTime(@Qualifier("hastyScheduler") RotationScheduler scheduler) {
			return (task, delay) -> {
				if (delay.compareTo(Duration.ofMinutes(5)) > 0 && delay.compareTo(FOR_GOOD) < 0) {
					this.ends.add(task);
					return () -> this.ends.remove(task);
				}
				return scheduler.schedule(task, delay);
			};
		}

	}

}
