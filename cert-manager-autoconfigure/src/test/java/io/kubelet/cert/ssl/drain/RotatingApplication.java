package io.kubelet.cert.ssl.drain;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateDrainAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificatePostgresqlAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.Load;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * An application with a certificate named {@code server} and another named {@code client}
 * of one authority, both of which rotate.
 */
final class RotatingApplication implements AutoCloseable {

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

	/** A free port below those that the system gives to connections (Linux: 32768). */
	static int freePort() throws IOException {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(10_000, 32_768);
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
				return socket.getLocalPort();
			}
			catch (BindException ex) {
				// Try another one
			}
		}
	}

	/** Rotates five times while two threads make a call every few milliseconds. */
	static int rotationsUnderLoad(Callable<?> call, Load.ThrowingRunnable rotation) throws Exception {
		return Load.during(ROTATIONS, call, rotation);
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, CertificateManagerAutoConfiguration.class,
			CertificateSslAutoConfiguration.class, CertificateDrainAutoConfiguration.class,
			CertificatePostgresqlAutoConfiguration.class })
	static class Certificates {

	}

}
