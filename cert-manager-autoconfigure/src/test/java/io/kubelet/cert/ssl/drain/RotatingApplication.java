package io.kubelet.cert.ssl.drain;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateDrainAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificatePostgresqlAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application with a certificate named {@code server} and another named {@code client}
 * of one authority, both of which rotate.
 */
final class RotatingApplication implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(RotatingApplication.class);

	static final int ROTATIONS = 5;

	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final Path directory;

	private final ConfigurableApplicationContext context;

	RotatingApplication(Path directory, Class<?> source, String... properties) {
		this.directory = directory;
		this.context = new SpringApplicationBuilder(Certificates.class, source).web(WebApplicationType.NONE)
			.logStartupInfo(false)
			.properties("spring.main.banner-mode=off", "kubelet.cert.cert-dir=" + directory.resolve("pki"),
					"kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.kubernetes.kubeconfig=" + this.plane.writeKubeconfig(directory),
					"kubelet.cert.pair-name=server", "kubelet.cert.signer-name=kubernetes.io/kubelet-serving",
					"kubelet.cert.template.common-name=system:node:test",
					"kubelet.cert.template.organizations=system:nodes", "kubelet.cert.template.dns-names=localhost",
					"kubelet.cert.additional.client.signer-name=kubernetes.io/kube-apiserver-client-kubelet",
					"kubelet.cert.additional.client.template.common-name=system:node:test",
					"kubelet.cert.additional.client.template.organizations=system:nodes")
			.properties(properties)
			.run("--spring.autoconfigure.exclude=");
	}

	<T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	/** Adds a bean while the application runs. */
	void add(String name, Object bean) {
		this.context.getBeanFactory().registerSingleton(name, bean);
	}

	SslBundle bundle(String name) {
		return bean(SslBundles.class).getBundle(name);
	}

	CertificatePair pair(String name) {
		return bean(CertificateManagers.class).get(name).current().orElseThrow();
	}

	/** The serial number in lower-case hexadecimal digits. */
	String serial(String name) {
		return pair(name).leaf().getSerialNumber().toString(16);
	}

	/** Rotates, and waits until the bundle has the new pair. */
	String rotate(String name) {
		bean(CertificateManagers.class).get(name).rotate().join();
		return serial(name);
	}

	/**
	 * Writes {@code server.crt}, {@code server.key} and {@code ca.crt} for a program that
	 * is a server.
	 * @param target an existing directory
	 */
	void writeServerFiles(Path target) throws IOException {
		CertificatePair pair = pair("server");
		Files.writeString(target.resolve("server.crt"), Pem.write(pair.chain()));
		String both = Pem.write(pair);
		Files.writeString(target.resolve("server.key"), both.substring(both.lastIndexOf("-----BEGIN")));
		Files.writeString(target.resolve("ca.crt"), this.plane.caPem());
	}

	Path directory() {
		return this.directory;
	}

	@Override
	public void close() {
		this.context.close();
		this.plane.close();
	}

	/** A port that is free at this moment. */
	static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

	/**
	 * Rotates five times while two threads make a call every few milliseconds.
	 * @param call the call
	 * @param rotation rotates once, and checks what it is to change
	 * @return the number of calls, none of which failed
	 */
	static int rotationsUnderLoad(Callable<?> call, ThrowingRunnable rotation) throws Exception {
		AtomicInteger calls = new AtomicInteger();
		List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
		Runnable counted = () -> {
			try {
				call.call();
				calls.incrementAndGet();
			}
			catch (Exception ex) {
				failures.add(ex);
			}
		};
		ScheduledExecutorService load = Executors.newScheduledThreadPool(2);
		try {
			load.scheduleWithFixedDelay(counted, 0, 2, TimeUnit.MILLISECONDS);
			load.scheduleWithFixedDelay(counted, 0, 3, TimeUnit.MILLISECONDS);
			for (int i = 0; i < ROTATIONS; i++) {
				int before = calls.get();
				rotation.run();
				await().until(() -> calls.get() > before || !failures.isEmpty());
			}
		}
		finally {
			load.shutdown();
			assertThat(load.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
		}
		logger.info("{} rotations: {} calls, {} failed", ROTATIONS, calls, failures.size());
		assertThat(failures).isEmpty();
		return calls.get();
	}

	/** Something that may throw. */
	interface ThrowingRunnable {

		void run() throws Exception;

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, CertificateManagerAutoConfiguration.class,
			CertificateSslAutoConfiguration.class, CertificateDrainAutoConfiguration.class,
			CertificatePostgresqlAutoConfiguration.class })
	static class Certificates {

	}

}
