package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.server.ConfigurableWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * A web application that prints what it used until it had started, and ends.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class StartedApplication {

	/**
	 * Gives the server the certificate of a client, which clusters issue without an
	 * approver of the benchmark. With a property, the application would not start.
	 */
	@Bean
	static WebServerFactoryCustomizer<ConfigurableWebServerFactory> serverBundle(Environment environment) {
		return (factory) -> {
			String bundle = environment.getProperty("benchmark.bundle");
			if (bundle != null) {
				factory.setSsl(Ssl.forBundle(bundle));
			}
		};
	}

	/**
	 * Starts the application.
	 * @param args its arguments
	 * @throws IOException if the resident set cannot be read
	 */
	public static void main(String[] args) throws IOException {
		SpringApplication.run(StartedApplication.class, args);
		Figures.print("cpu.ms", Own.cpuMillis());
		Figures.print("up.ms", ManagementFactory.getRuntimeMXBean().getUptime());
		Figures.print("resident.mb", Own.residentMegabytes());
		Figures.print("classes", Own.loadedClasses());
		Figures.print("threads", Own.threads());
		ThreadMXBean threads = ManagementFactory.getThreadMXBean();
		for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
			System.out.println("THREAD " + thread.getThreadName());
		}
		System.exit(0);
	}

}
