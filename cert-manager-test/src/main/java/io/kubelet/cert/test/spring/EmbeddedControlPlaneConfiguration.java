package io.kubelet.cert.test.spring;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Gives an application its own control plane and its own directory for certificates, like
 * {@link EmbeddedControlPlaneInitializer}, for a {@code main} method among the tests that
 * runs the application without a cluster:
 *
 * <pre class="code">
 * SpringApplication.from(App::main).with(EmbeddedControlPlaneConfiguration.class).run(args);
 * </pre>
 */
@Configuration(proxyBeanMethods = false)
@Import(EmbeddedControlPlaneSelector.class)
public final class EmbeddedControlPlaneConfiguration {

}
