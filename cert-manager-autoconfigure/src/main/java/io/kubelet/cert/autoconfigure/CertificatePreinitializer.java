package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.util.List;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.KubernetesProperties;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.KubernetesClients;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;

import org.springframework.boot.context.event.ApplicationContextInitializedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Environment;

/**
 * Loads the classes that request a first certificate, on a separate thread while the
 * context starts. A certificate whose file exists needs none of them. One in a Secret
 * needs those of the Kubernetes client.
 */
final class CertificatePreinitializer implements ApplicationListener<ApplicationContextInitializedEvent> {

	/** Initializers may have added properties, as that of a test does. */
	@Override
	public void onApplicationEvent(ApplicationContextInitializedEvent event) {
		Environment environment = event.getApplicationContext().getEnvironment();
		if (SettingsConfiguration.isAnyPropertySet(environment)
				&& !"false".equals(environment.getProperty("kubelet.cert.enabled"))) {
			Thread thread = new Thread(() -> preinitialize(environment), "certificate-preinitializer");
			thread.setDaemon(true);
			thread.start();
		}
	}

	private static void preinitialize(Environment environment) {
		try {
			CertificateSettingsList settings = SettingsConfiguration.resolve(environment);
			boolean first = settings.certificates().stream().anyMatch(CertificatePreinitializer::isFirst);
			if (first || settings.certificates().stream().anyMatch((one) -> one.storage().secret() != null)) {
				KubernetesProperties kubernetes = settings.kubernetes();
				KubernetesClients.preload((kubernetes.bootstrapKubeconfig() != null) ? kubernetes.bootstrapKubeconfig()
						: kubernetes.kubeconfig(), kubernetes.context());
			}
			if (first) {
				CertificateRequests.create(null, CertificateTemplate.ofSubject("unused"), "unused",
						List.of(Usage.CLIENT_AUTH), null, KeyPairSource.jdk().generate(KeySpecification.EC_P256));
			}
		}
		catch (Exception | LinkageError ex) {
			// Reported where it prevents something
		}
	}

	private static boolean isFirst(CertificateSettings certificate) {
		CertificateSettings.Storage storage = certificate.storage();
		return certificate.rotation().enabled() && storage.secret() == null && storage.initialPair() == null
				&& !Files.exists(storage.certDir().resolve(certificate.name() + "-current.pem"));
	}

}
