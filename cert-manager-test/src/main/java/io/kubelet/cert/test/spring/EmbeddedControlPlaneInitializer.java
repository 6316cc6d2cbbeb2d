package io.kubelet.cert.test.spring;

import java.util.Optional;

import io.kubelet.cert.test.CertManager;
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
	 * {@code ClusterIssuer/internal}, {@code Issuer/internal} (in the namespace
	 * {@code default}), {@code Issuer/shop/internal} (in {@code shop}) or, with the API
	 * group of an external one, {@code issuers.example.com/ExampleIssuer/internal}, whose
	 * requests are approved and signed as well
	 */
	public EmbeddedControlPlaneInitializer(String... signers) {
		this.signers = signers.clone();
	}

	@Override
	public void initialize(ConfigurableApplicationContext context) {
		EmbeddedControlPlaneRegistration.register(context.getEnvironment(), context.getBeanFactory());
		EmbeddedControlPlane controlPlane = context.getBeanFactory().getBean(EmbeddedControlPlane.class);
		try {
			for (String signer : this.signers) {
				install(controlPlane, signer)
					.ifPresent((authority) -> ControlPlaneProperties.addAuthority(context.getEnvironment(), authority));
			}
		}
		catch (IllegalArgumentException ex) {
			// A context that was not refreshed is not closed
			context.getBeanFactory().destroySingletons();
			throw ex;
		}
	}

	/** Returns the authority of an issuer; a signer has none of its own. */
	private static Optional<String> install(EmbeddedControlPlane controlPlane, String signer) {
		CertManager certManager = controlPlane.certManager();
		String[] parts = signer.split("/", -1);
		String name = parts[parts.length - 1];
		if (signer.matches("ClusterIssuer/[^/]+")) {
			return Optional.of(certManager.clusterIssuer(name).caPem(name));
		}
		if (signer.matches("Issuer/([^/]+/)?[^/]+")) {
			String namespace = (parts.length > 2) ? parts[1] : "default";
			return Optional.of(certManager.issuer(namespace, name).caPem(namespace, name));
		}
		if (signer.matches("[^/]+\\.[^/]+/[^/]+/[^/]+")) {
			return Optional.of(certManager.externalIssuer(parts[0], parts[1], name).caPem(parts[0], parts[1], name));
		}
		controlPlane.behavior().sign(signer);
		return Optional.empty();
	}

}
