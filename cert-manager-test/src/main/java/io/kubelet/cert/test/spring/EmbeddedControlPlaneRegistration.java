package io.kubelet.cert.test.spring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.kubelet.cert.test.EmbeddedControlPlane;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.DefaultSingletonBeanRegistry;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.util.FileSystemUtils;

/**
 * Starts a control plane for an application context.
 */
final class EmbeddedControlPlaneRegistration {

	private static final System.Logger LOGGER = System.getLogger(EmbeddedControlPlaneRegistration.class.getName());

	private static final String NAME = "embeddedControlPlane";

	private static final String KUBECONFIG = "kubelet.cert.kubernetes.kubeconfig";

	private EmbeddedControlPlaneRegistration() {
	}

	static void register(ConfigurableEnvironment environment, ConfigurableListableBeanFactory beans) {
		if (beans.containsSingleton(NAME)) {
			return;
		}
		String configured = environment.getProperty(KUBECONFIG);
		if (configured != null) {
			LOGGER.log(System.Logger.Level.INFO,
					"The kubeconfig %s (%s) is not used: the embedded control plane takes the place of its cluster"
						.formatted(configured, KUBECONFIG));
		}
		EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();
		Path directory = temporaryDirectory();
		Path kubeconfig = controlPlane.writeKubeconfig(directory);
		MutablePropertySources sources = environment.getPropertySources();
		sources.addFirst(new MapPropertySource(NAME, Map.of(KUBECONFIG, kubeconfig.toString())));
		addProperties(sources, new ControlPlaneProperties(environment, directory.resolve("pki"),
				writeAuthority(controlPlane, directory)));
		beans.registerSingleton(NAME, controlPlane);
		// The first to be registered is the last to be closed
		((DefaultSingletonBeanRegistry) beans).registerDisposableBean(NAME, () -> {
			controlPlane.close();
			FileSystemUtils.deleteRecursively(directory);
		});
	}

	/**
	 * What was set for this run (properties of the test, command-line arguments) comes
	 * before the system properties, and what the application is configured with comes
	 * after them.
	 */
	private static void addProperties(MutablePropertySources sources, ControlPlaneProperties properties) {
		if (sources.contains(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME)) {
			sources.addBefore(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME, properties);
		}
		else {
			sources.addFirst(properties);
		}
	}

	private static Path writeAuthority(EmbeddedControlPlane controlPlane, Path directory) {
		try {
			return Files.writeString(directory.resolve("ca.crt"), controlPlane.caPem());
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot write the authority of the embedded control plane", ex);
		}
	}

	private static Path temporaryDirectory() {
		try {
			return Files.createTempDirectory("embedded-control-plane-");
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot create a temporary directory for the embedded control plane", ex);
		}
	}

}
