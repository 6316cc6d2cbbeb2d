package io.kubelet.cert.test.spring;

import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Starts a control plane for an application context, before any bean is made:
 * <ul>
 * <li>the property {@code kubelet.cert.kubernetes.kubeconfig} names a kubeconfig with the
 * bootstrap token, whatever other property sources say,</li>
 * <li>the {@link io.kubelet.cert.test.EmbeddedControlPlane} is a bean,</li>
 * <li>and it is closed after all other beans.</li>
 * </ul>
 * Does nothing if the context has one already. For a {@code main}:
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
