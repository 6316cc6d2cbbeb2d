package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.ThreadFactory;

import io.kubelet.cert.autoconfigure.settings.ConnectionSettings;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.AddressSource;
import io.kubelet.cert.kubernetes.ClusterAuthorities;
import io.kubelet.cert.kubernetes.ConfigMapAuthorities;
import io.kubelet.cert.kubernetes.KubernetesSigners;
import io.kubelet.cert.kubernetes.NodeKubeconfig;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.SignerSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * The connection to the API server, as configured. Nothing of the Kubernetes client is
 * loaded, let alone contacted, before the first request for a certificate.
 */
final class KubernetesConnection implements SignerSource, DisposableBean {

	/**
	 * To look for the client as a resource, since looking for the class would load it.
	 */
	static final String CLIENT_CLASS_FILE = "classpath:io/kubernetes/client/openapi/ApiClient.class";

	private final ConnectionSettings properties;

	private final ThreadFactory threads;

	private final Clock clock;

	private @Nullable KubernetesSigners signers;

	private volatile @Nullable CertificateManager first;

	KubernetesConnection(ConnectionSettings properties, ThreadFactory threads, Clock clock) {
		this.properties = properties;
		this.threads = threads;
		this.clock = clock;
		if (properties.bootstrapKubeconfig() == null && properties.kubeconfig() != null) {
			requireReadable("kubeconfig", properties.kubeconfig(),
					"name the kubeconfig of the cluster, or leave it out in a pod");
		}
	}

	private static void requireReadable(String property, Path file, String remedy) {
		if (!Files.isReadable(file)) {
			throw new InvalidConfigurationPropertyValueException("kubelet.cert.kubernetes." + property, file,
					Files.exists(file)
							? "The file cannot be read: let the user of this process read it, or name another file"
							: "There is no such file: " + remedy);
		}
	}

	/** Whether the first certificate is what the other ones are requested with. */
	boolean isBootstrapping() {
		return this.properties.bootstrapKubeconfig() != null;
	}

	/**
	 * The context of the kubeconfig; with a bootstrap kubeconfig, the configured one is
	 * of that, and what is written names its own.
	 */
	static @Nullable String context(ConnectionSettings properties) {
		return (properties.bootstrapKubeconfig() != null) ? null : properties.context();
	}

	/**
	 * Write the kubeconfig of the node if it does not exist, or if its certificate has
	 * expired. The bootstrap kubeconfig is needed for that only: it is often deleted once
	 * a node has joined. A kubeconfig that is not a node's is never replaced.
	 * @param pair the file of the first certificate's current pair
	 */
	void prepare(Path pair) {
		Path bootstrap = this.properties.bootstrapKubeconfig();
		if (bootstrap == null) {
			return;
		}
		Path kubeconfig = this.properties.kubeconfig();
		if (kubeconfig == null) {
			throw new InvalidConfigurationPropertyValueException("kubelet.cert.kubernetes.kubeconfig", null,
					"With a bootstrap kubeconfig it must be set: it names the file that is written for the time after");
		}
		if (!NodeKubeconfig.isUsable(kubeconfig, this.clock.instant())) {
			requireReadable("bootstrap-kubeconfig", bootstrap,
					"name the one with the bootstrap token, since %s has no client certificate that is valid"
						.formatted(kubeconfig));
			NodeKubeconfig.foreignContent(kubeconfig).ifPresent((content) -> {
				throw new InvalidConfigurationPropertyValueException("kubelet.cert.kubernetes.kubeconfig", kubeconfig,
						("With a bootstrap kubeconfig, this file is written for the node, but it %s, which would be lost. "
								+ "Name a file that does not exist yet, or leave out "
								+ "'kubelet.cert.kubernetes.bootstrap-kubeconfig' to use this one as it is")
							.formatted(content));
			});
			NodeKubeconfig.write(kubeconfig, bootstrap, this.properties.context(), pair);
		}
	}

	/** Set which certificate everything else is asked for with. */
	void setFirst(CertificateManager first) {
		this.first = first;
	}

	/**
	 * The signers of a further certificate: it is requested by the first one's subject,
	 * and with a bootstrap kubeconfig by nobody else. While there is no first one, such
	 * as after it has expired, an attempt fails.
	 */
	SignerSource asFirst() {
		return (own) -> signer(credentials());
	}

	@Override
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return signers().signer(current);
	}

	/** The addresses of a node, watched as what the first certificate says. */
	AddressSource addressesOf(String node) {
		return signers().addressesOf(node, this::credentials);
	}

	private @Nullable CertificatePair credentials() {
		CertificateManager first = this.first;
		CertificatePair current = (first != null) ? first.current().orElse(null) : null;
		if (first != null && current == null && isBootstrapping()) {
			throw new IllegalStateException("there is no valid certificate '" + first.name() + "' to ask with");
		}
		return current;
	}

	/** Returns a source of trust in the authorities of the cluster. */
	TrustSource authorities() {
		return ClusterAuthorities.source(this.properties.kubeconfig(), context(this.properties));
	}

	/**
	 * The authorities in a ConfigMap, watched as what the first certificate says.
	 * @param wait whether the first reading waits for them
	 */
	TrustSource authoritiesIn(String configMap, boolean wait) {
		return () -> {
			ConfigMapAuthorities authorities = signers().authoritiesIn(configMap, this::credentials);
			ConfigMapAuthorities.Snapshot read = wait ? authorities.read() : authorities.readAtOnce();
			return new TrustSource.Reading(authorities, read.version(), authorities::version,
					Trust.exactly(read.certificates()));
		};
	}

	private synchronized KubernetesSigners signers() {
		if (this.signers == null) {
			this.signers = new KubernetesSigners(this.properties.kubeconfig(), this.properties.bootstrapKubeconfig(),
					this.properties.context(), this.threads, this.clock);
		}
		return this.signers;
	}

	@Override
	public synchronized void destroy() {
		if (this.signers != null) {
			this.signers.close();
		}
	}

}
