package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.addresses.NodeAddresses;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.autoconfigure.settings.KubernetesProperties;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.kubernetes.Kubeconfigs;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.NodeKubeconfig;
import io.kubelet.cert.kubernetes.secret.SecretStore;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.store.CertificateStore;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The connection to the API server, as configured: signers, addresses and certificate
 * authorities. Nothing of the Kubernetes client is loaded, and nothing is requested,
 * before something is needed. With a bootstrap kubeconfig, the first certificate is what
 * everything else is requested with.
 */
public final class KubernetesConnection implements DisposableBean {

	/**
	 * To find out whether the Kubernetes client is there without loading its classes.
	 */
	public static final String CLIENT_CLASS_FILE = "classpath:io/kubernetes/client/openapi/ApiClient.class";

	private final KubernetesProperties settings;

	private final ThreadFactory threads;

	private final Clock clock;

	private @Nullable KubernetesObjects client;

	KubernetesConnection(KubernetesProperties settings, ThreadFactory threads, Clock clock) {
		this.settings = settings;
		this.threads = threads;
		this.clock = clock;
		if (settings.bootstrapKubeconfig() == null && settings.kubeconfig() != null) {
			requireReadable("kubeconfig", settings.kubeconfig(),
					"set it to the kubeconfig of the cluster, or remove the property in a pod");
		}
	}

	private static void requireReadable(String property, Path file, String remedy) {
		if (!Files.isReadable(file)) {
			throw invalid(property, file,
					Files.exists(file)
							? "The file cannot be read: let the user of this process read it, or name another file"
							: "There is no such file: " + remedy);
		}
	}

	private static InvalidConfigurationPropertyValueException invalid(String property, @Nullable Path file,
			String reason) {
		return new InvalidConfigurationPropertyValueException("kubelet.cert.kubernetes." + property, file, reason);
	}

	/** Returns whether the first certificate is requested with bootstrap credentials. */
	boolean isBootstrapping() {
		return this.settings.bootstrapKubeconfig() != null;
	}

	/**
	 * Writes the kubeconfig of a node that bootstraps, if it does not exist or if its
	 * certificate has expired. Only then is the bootstrap kubeconfig needed, which is
	 * often deleted once a node has joined. A kubeconfig with other content is never
	 * replaced.
	 * @param pair the file of the first certificate's current pair; a damaged one must
	 * have been replaced before
	 */
	void writeKubeconfig(Path pair) {
		Path bootstrap = this.settings.bootstrapKubeconfig();
		if (bootstrap == null) {
			return;
		}
		Path kubeconfig = this.settings.kubeconfig();
		if (kubeconfig == null) {
			throw invalid("kubeconfig", null,
					"With a bootstrap kubeconfig it must be set to the file that is written for later requests");
		}
		if (NodeKubeconfig.isUsable(kubeconfig, this.clock.instant())) {
			return;
		}
		requireReadable("bootstrap-kubeconfig", bootstrap,
				"set it to the kubeconfig with the bootstrap token, because %s has no valid client certificate"
					.formatted(kubeconfig));
		NodeKubeconfig.foreignContent(kubeconfig).ifPresent((content) -> {
			throw invalid("kubeconfig", kubeconfig,
					("With a bootstrap kubeconfig, this file is written for the node, but it %s, which would be lost. "
							+ "Name a file that does not exist yet, or remove "
							+ "'kubelet.cert.kubernetes.bootstrap-kubeconfig' to use this one as it is")
						.formatted(content));
		});
		NodeKubeconfig.write(kubeconfig, bootstrap, this.settings.context(), pair);
	}

	/**
	 * Returns the signer for one attempt.
	 * @param issuer the issuer, {@code null} for a signer
	 * @param current the pair to authenticate with in bootstrap mode, {@code null} to use
	 * the bootstrap credentials
	 */
	CertificateSigner signer(@Nullable Issuer issuer, @Nullable CertificatePair current) {
		return client().signers(issuer).signer(current);
	}

	/**
	 * Returns the pair to authenticate with, except to request the first certificate.
	 * @param managers the managers, beginning with that of the first certificate
	 * @throws KubernetesConfigurationException if the first certificate is needed and not
	 * valid
	 */
	@Nullable CertificatePair credentials(Iterable<CertificateManager> managers) {
		if (!isBootstrapping()) {
			return null;
		}
		Iterator<CertificateManager> all = managers.iterator();
		CertificateManager first = all.hasNext() ? all.next() : null;
		return Optional.ofNullable(first)
			.flatMap(CertificateManager::current)
			.orElseThrow(
					() -> new KubernetesConfigurationException("there is no valid certificate%s to authenticate with"
						.formatted((first != null) ? " '" + first.name() + "'" : "")));
	}

	/**
	 * Returns the addresses of a node.
	 * @param managers as for {@link #credentials(Iterable)}
	 */
	NodeAddresses addressesOf(String node, Iterable<CertificateManager> managers) {
		return client().addressesOf(node, () -> credentials(managers));
	}

	/**
	 * Returns a source of trust in the authorities of the cluster; empty if no API server
	 * is configured.
	 */
	public Optional<LiveTrust.Source> authorities() {
		return Kubeconfigs.authorities(this.settings.kubeconfig(), this.settings.laterContext());
	}

	/**
	 * Returns a source of trust in the authorities in objects of the API.
	 * @param objects the objects
	 * @param patience returns how long the first reading waits for the API server
	 * @param managers as for {@link #credentials(Iterable)}
	 */
	public LiveTrust.Source authoritiesIn(Trusted objects, Supplier<Duration> patience,
			Iterable<CertificateManager> managers) {
		return () -> client().authoritiesIn(objects, () -> credentials(managers)).source(patience.get()).read();
	}

	/**
	 * Returns the store in a Secret.
	 * @param secret the Secret
	 * @param certificate the name of the certificate
	 * @param rotates whether the certificate is rotated
	 * @param copy keeps a copy, {@code null} for none
	 */
	SecretStore secretStore(SharedSecret secret, String certificate, boolean rotates, @Nullable CertificateStore copy) {
		return client().secretStore(secret, certificate, rotates, copy);
	}

	private synchronized KubernetesObjects client() {
		if (this.client == null) {
			this.client = new KubernetesObjects(this.settings, this.threads, this.clock);
		}
		return this.client;
	}

	@Override
	public synchronized void destroy() {
		if (this.client != null) {
			this.client.close();
		}
	}

}
