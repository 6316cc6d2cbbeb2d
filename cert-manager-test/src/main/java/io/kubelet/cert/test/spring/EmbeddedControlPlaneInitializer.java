package io.kubelet.cert.test.spring;

import io.kubelet.cert.test.EmbeddedControlPlane;

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
 * certificates of the application's real cluster are neither used nor replaced.</li>
 * <li>Where {@code ssl.trust-file} or {@code signer-ca-file} is configured, it names a
 * file with the authority of the control plane and those of the named issuers. A
 * configured {@code export.directory} names a temporary directory of the certificate. A
 * configured {@code kubernetes.context} or {@code kubernetes.bootstrap-kubeconfig} is
 * ignored, as are {@code tls-cert-file} and {@code tls-private-key-file} unless
 * {@code rotate-certificates} is {@code false}.</li>
 * <li>To set any of these except the kubeconfig, use a property of the test or a
 * command-line argument.</li>
 * <li>The {@link EmbeddedControlPlane} is a bean. It is closed, and the directory is
 * deleted, after all other beans are destroyed.</li>
 * </ul>
 * A context that already has a control plane keeps it. For a {@code main} method:
 *
 * <pre class="code">
 * new SpringApplicationBuilder(App.class).initializers(new EmbeddedControlPlaneInitializer()).run(args);
 * </pre>
 */
public final class EmbeddedControlPlaneInitializer
		implements ApplicationContextInitializer<ConfigurableApplicationContext> {

	private final String[] signers;

	/**
	 * Creates an initializer.
	 * @param signers names of signers that are not Kubernetes' own, as in
	 * {@code example.com/serving}, and issuers of cert-manager, as in
	 * {@code ClusterIssuer/internal} or {@code Issuer/internal} (in the namespace
	 * {@code default}), whose requests are approved and signed as well
	 */
	public EmbeddedControlPlaneInitializer(String... signers) {
		this.signers = signers.clone();
	}

	@Override
	public void initialize(ConfigurableApplicationContext context) {
		EmbeddedControlPlaneRegistration.register(context.getEnvironment(), context.getBeanFactory());
		EmbeddedControlPlane controlPlane = context.getBeanFactory().getBean(EmbeddedControlPlane.class);
		for (String signer : this.signers) {
			int slash = signer.indexOf('/');
			String name = signer.substring(slash + 1);
			switch (signer.substring(0, Math.max(slash, 0))) {
				case "ClusterIssuer" -> ControlPlaneProperties.addAuthority(context.getEnvironment(),
						controlPlane.certManager().clusterIssuer(name).caPem(name));
				case "Issuer" -> ControlPlaneProperties.addAuthority(context.getEnvironment(),
						controlPlane.certManager().issuer("default", name).caPem("default", name));
				default -> controlPlane.behavior().sign(signer);
			}
		}
	}

}
