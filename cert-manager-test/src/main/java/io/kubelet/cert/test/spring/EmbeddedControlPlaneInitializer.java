package io.kubelet.cert.test.spring;

import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Starts a control plane for an application context, before any bean is created:
 * <ul>
 * <li>The property {@code kubelet.cert.kubernetes.kubeconfig} names a kubeconfig with the
 * bootstrap token, whatever other property sources contain.</li>
 * <li>The properties {@code kubelet.cert.cert-dir} and
 * {@code kubelet.cert.additional.*.cert-dir} name a temporary directory, whatever the
 * configuration files, the environment variables and the system properties contain. The
 * certificates of the application's real cluster are neither used nor replaced. To use
 * another directory, set {@code kubelet.cert.cert-dir} as a property of the test or as a
 * command-line argument.</li>
 * <li>The {@link io.kubelet.cert.test.EmbeddedControlPlane} is a bean. It is closed, and
 * the directory is deleted, after all other beans are destroyed.</li>
 * </ul>
 * Does nothing if the context already has a control plane. For a {@code main} method:
 *
 * <pre class="code">
 * new SpringApplicationBuilder(App.class).initializers(new EmbeddedControlPlaneInitializer()).run(args);
 * </pre>
 */
public final class EmbeddedControlPlaneInitializer
		implements ApplicationContextInitializer<ConfigurableApplicationContext> {

	@Override
	public void initialize(ConfigurableApplicationContext context) {
		EmbeddedControlPlaneRegistration.register(context.getEnvironment(), context.getBeanFactory());
	}

}
