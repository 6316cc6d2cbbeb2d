package io.kubelet.cert.testsupport;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

import io.kubelet.cert.rotation.RotationScheduler;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application with it checks the trust and its files twice in a second. */
@Configuration(proxyBeanMethods = false)
public class HastyTrust {

	/** In seconds; checks of certificates are up to a second early. */
	private static final Set<Long> INTERVALS = Set.of(9L, 10L, 59L, 60L);

	@Bean(destroyMethod = "shutdownNow")
	ScheduledExecutorService hastyThreads() {
		return Executors.newScheduledThreadPool(2);
	}

	@Bean
	RotationScheduler hastyScheduler(ScheduledExecutorService hastyThreads) {
		RotationScheduler scheduler = RotationScheduler.of(hastyThreads);
		return (task, delay) -> scheduler.schedule(task,
				INTERVALS.contains(delay.toSeconds()) ? Duration.ofMillis(500) : delay);
	}

}
