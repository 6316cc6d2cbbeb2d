package io.kubelet.cert.autoconfigure.ssl;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.kubelet.cert.autoconfigure.KubernetesConnection;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.kubernetes.internal.RotatingApiClient;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubernetes.client.openapi.ApiClient;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnResource;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * Auto-configuration of an {@link ApiClient} that authenticates with the first
 * certificate.
 */
@AutoConfiguration(after = { CertificateSslAutoConfiguration.class, SslAutoConfiguration.class })
@ConditionalOnResource(resources = KubernetesConnection.CLIENT_CLASS_FILE)
@ConditionalOnBooleanProperty("kubelet.cert.kubernetes.api-client.enabled")
@ConditionalOnBean({ CertificateManagers.class, CertificateSettingsList.class, SslBundles.class })
public final class KubernetesApiClientAutoConfiguration {

	/** How long a busy connection may go on after a rotation. */
	private static final Duration GRACE = Duration.ofSeconds(10);

	@Bean
	@ConditionalOnMissingBean(ApiClient.class)
	RotatingApiClient kubernetesApiClient(CertificateSettingsList settings, CertificateManagers managers,
			KubernetesConnection connection, SslBundles bundles, RotationScheduler scheduler) {
		CertificateSettings certificate = settings.certificates().get(0);
		CertificateManager manager = managers.get(certificate.name());
		CustomizableThreadFactory threads = new CustomizableThreadFactory("kubernetes-client-");
		threads.setDaemon(true);
		ExecutorService executor = Executors.newCachedThreadPool(threads);
		var keyManagers = bundles.getBundle(certificate.ssl().bundle()).getManagers().getKeyManagers();
		RotatingApiClient client = new RotatingApiClient(connection.kubeconfig(), keyManagers, executor);
		manager.addFollower((name) -> scheduler.schedule(client.rotated(), GRACE));
		return client;
	}

}
