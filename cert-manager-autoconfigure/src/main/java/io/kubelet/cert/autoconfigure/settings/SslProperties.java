package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The SSL bundle of a certificate.
 */
class SslProperties {

	/**
	 * Name of the SSL bundle. By default the pair name.
	 */
	private @Nullable String bundle;

	/**
	 * Authorities that the bundle trusts, unless trust-file, trust-config-map or
	 * trust-bundle is set.
	 */
	private Trust trust = Trust.CLUSTER;

	/**
	 * ConfigMap whose key ca.crt holds the certificate authorities that the bundle
	 * trusts, such as kube-root-ca.crt, or kube-system/kube-root-ca.crt for another
	 * namespace. It is read at startup and again when it changes. With
	 * startup.mode=background, the bundle trusts no one until it has been read.
	 */
	private @Nullable String trustConfigMap;

	private final TrustBundle trustBundle = new TrustBundle();

	/**
	 * PEM file with the certificate authorities that the bundle trusts. It is read again
	 * when it changes. In a pod, a ConfigMap can be mounted as such a file.
	 */
	private @Nullable Path trustFile;

	/**
	 * How long an authority is still trusted after it has been removed from its source.
	 */
	private Duration trustOverlap = Duration.ofHours(1);

	/**
	 * How long connections that use the previous certificate may stay open after a
	 * rotation.
	 */
	private Duration drain = Duration.ofSeconds(30);

	public @Nullable String getBundle() {
		return this.bundle;
	}

	public void setBundle(@Nullable String bundle) {
		this.bundle = bundle;
	}

	public Trust getTrust() {
		return this.trust;
	}

	public void setTrust(Trust trust) {
		this.trust = trust;
	}

	public @Nullable String getTrustConfigMap() {
		return this.trustConfigMap;
	}

	public void setTrustConfigMap(@Nullable String trustConfigMap) {
		this.trustConfigMap = trustConfigMap;
	}

	public TrustBundle getTrustBundle() {
		return this.trustBundle;
	}

	public @Nullable Path getTrustFile() {
		return this.trustFile;
	}

	public void setTrustFile(@Nullable Path trustFile) {
		this.trustFile = trustFile;
	}

	public Duration getTrustOverlap() {
		return this.trustOverlap;
	}

	public void setTrustOverlap(Duration trustOverlap) {
		this.trustOverlap = trustOverlap;
	}

	public Duration getDrain() {
		return this.drain;
	}

	public void setDrain(Duration drain) {
		this.drain = drain;
	}

	/**
	 * The ClusterTrustBundles whose authorities an SSL bundle trusts.
	 */
	static class TrustBundle {

		/**
		 * ClusterTrustBundle with the certificate authorities that the bundle trusts. It
		 * is read like trust-config-map. Requires Kubernetes 1.37, or 1.33 with the API
		 * enabled.
		 */
		private @Nullable String name;

		/**
		 * Signer whose ClusterTrustBundles hold the certificate authorities that the
		 * bundle trusts, such as kubernetes.io/kube-apiserver-serving. They are merged.
		 */
		private @Nullable String signerName;

		/**
		 * Label selector for the ClusterTrustBundles of signer-name, as for kubectl, such
		 * as 'environment in (production, staging)'. By default all of them.
		 */
		private @Nullable String labelSelector;

		public @Nullable String getName() {
			return this.name;
		}

		public void setName(@Nullable String name) {
			this.name = name;
		}

		public @Nullable String getSignerName() {
			return this.signerName;
		}

		public void setSignerName(@Nullable String signerName) {
			this.signerName = signerName;
		}

		public @Nullable String getLabelSelector() {
			return this.labelSelector;
		}

		public void setLabelSelector(@Nullable String labelSelector) {
			this.labelSelector = labelSelector;
		}

	}

	/**
	 * The authorities that an SSL bundle trusts.
	 */
	enum Trust {

		/**
		 * The certificate authority of the cluster: the one in the kubeconfig, or the one
		 * of the pod's service account.
		 */
		CLUSTER,

		/** The certificate authorities that the JDK trusts. */
		SYSTEM

	}

}
