package io.kubelet.cert.testsupport;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

import io.kubelet.cert.rotation.RotationScheduler;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application with it checks the trust twenty times as often. */
@Configuration(proxyBeanMethods = false)
public class HastyTrust {

	private static final Duration INTERVAL = Duration.ofSeconds(10);

	@Bean(destroyMethod = "shutdownNow")
	ScheduledExecutorService hastyThreads() {
		return Executors.newScheduledThreadPool(2);
	}

	@Bean
	RotationScheduler hastyScheduler(ScheduledExecutorService hastyThreads) {
		RotationScheduler scheduler = RotationScheduler.of(hastyThreads);
		return (task, delay) -> scheduler.schedule(task, delay.equals(INTERVAL) ? delay.dividedBy(20) : delay);
	}

}
