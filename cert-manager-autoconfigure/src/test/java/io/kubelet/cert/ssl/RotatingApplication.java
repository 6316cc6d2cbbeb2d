package io.kubelet.cert.ssl;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateDrainAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificatePostgresqlAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateVerificationAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.FileSystemUtils;

/**
 * An application with a certificate named {@code server} and another named {@code client}
 * of one authority, both of which rotate.
 */
public class RotatingApplication implements AutoCloseable {

	/** Serves all applications of this JVM that name no other. */
	public static final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final Path directory = Path.of(System.getProperty("java.io.tmpdir"), "application-" + UUID.randomUUID());

	private final ConfigurableApplicationContext context;

	/** Starts an application that has no server and nothing of its own. */
	public RotatingApplication(String... properties) {
		this(Certificates.class, properties);
	}

	/** Starts an application without a server. */
	public RotatingApplication(Class<?> source, String... properties) {
		this(WebApplicationType.NONE, List.of(source), properties);
	}

	public RotatingApplication(WebApplicationType type, List<Class<?>> sources, String... properties) {
		this.context = new SpringApplicationBuilder(Certificates.class).sources(sources.toArray(Class<?>[]::new))
			.web(type)
			.logStartupInfo(false)
			.properties("spring.main.banner-mode=off", "kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(this.directory),
					"kubelet.cert.pair-name=server", "kubelet.cert.signer-name=kubernetes.io/kubelet-serving",
					"kubelet.cert.template.common-name=system:node:test",
					"kubelet.cert.template.organizations=system:nodes",
					"kubelet.cert.template.dns-names=localhost,one.test",
					"kubelet.cert.additional.client.signer-name=kubernetes.io/kube-apiserver-client-kubelet",
					"kubelet.cert.additional.client.template.common-name=system:node:test",
					"kubelet.cert.additional.client.template.organizations=system:nodes")
			.properties(properties)
			.run("--spring.autoconfigure.exclude=");
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	<T> Collection<T> beans(Class<T> type) {
		return this.context.getBeansOfType(type).values();
	}

	/** Adds a bean while the application runs. */
	public void add(String name, Object bean) {
		this.context.getBeanFactory().registerSingleton(name, bean);
	}

	int port(String property) {
		return this.context.getEnvironment().getRequiredProperty(property, Integer.class);
	}

	public SslBundle bundle(String name) {
		return bean(SslBundles.class).getBundle(name);
	}

	public CertificatePair pair(String name) {
		return bean(CertificateManagers.class).get(name).current().orElseThrow();
	}

	/** The serial number in lower-case hexadecimal digits. */
	public String serial(String name) {
		return serial(pair(name).leaf());
	}

	public static String serial(X509Certificate certificate) {
		return certificate.getSerialNumber().toString(16);
	}

	/** Rotates, and waits until the bundle has the new pair. */
	public X509Certificate rotate(String name) {
		return bean(CertificateManagers.class).get(name).rotate().join().leaf();
	}

	public Path directory() {
		return this.directory;
	}

	@Override
	public void close() {
		this.context.close();
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, CertificateManagerAutoConfiguration.class,
			CertificateSslAutoConfiguration.class, CertificateDrainAutoConfiguration.class,
			CertificatePostgresqlAutoConfiguration.class, CertificateVerificationAutoConfiguration.class })
	static class Certificates {

	}

}
