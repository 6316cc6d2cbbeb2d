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
import org.springframework.util.FileSystemUtils;

/**
 * Starts a control plane for an application context.
 */
final class EmbeddedControlPlaneRegistration {

	private static final String NAME = "embeddedControlPlane";

	private static final String PROPERTY = "kubelet.cert.kubernetes.kubeconfig";

	private EmbeddedControlPlaneRegistration() {
	}

	static void register(ConfigurableEnvironment environment, ConfigurableListableBeanFactory beans) {
		if (beans.containsSingleton(NAME)) {
			return;
		}
		EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();
		Path directory = temporaryDirectory();
		Path kubeconfig = controlPlane.writeKubeconfig(directory);
		environment.getPropertySources().addFirst(new MapPropertySource(NAME, Map.of(PROPERTY, kubeconfig.toString())));
		beans.registerSingleton(NAME, controlPlane);
		// The first to be registered is the last to be closed
		((DefaultSingletonBeanRegistry) beans).registerDisposableBean(NAME, () -> {
			controlPlane.close();
			FileSystemUtils.deleteRecursively(directory);
		});
	}

	private static Path temporaryDirectory() {
		try {
			return Files.createTempDirectory("embedded-control-plane-");
		}
		catch (IOException ex) {
			throw new UncheckedIOException("There is no room for the kubeconfig of the embedded control plane", ex);
		}
	}

}
