package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.NestedConfigurationProperty;

/**
 * The properties of one certificate, as they are bound. What is not set and has no
 * default here follows from other properties: see {@link SettingsResolver}.
 */
class CertificateProperties {

	/**
	 * Kind of kubelet certificate. Sets the pair name, the subject, the signer and the
	 * usages, and for a serving certificate the source of its addresses. Other properties
	 * take precedence.
	 */
	private @Nullable Profile profile;

	/**
	 * Name of the node, for profiles and for the addresses of a node. By default the host
	 * name, in lower case.
	 */
	private @Nullable String nodeName;

	/**
	 * Configuration file of a kubelet, such as /var/lib/kubelet/config.yaml, for
	 * certificates that have a profile: rotateCertificates, serverTLSBootstrap,
	 * tlsCertFile and tlsPrivateKeyFile. As for a kubelet, what is missing in the file is
	 * off. Other properties take precedence.
	 */
	private @Nullable Path configFile;

	/**
	 * Whether to rotate the certificate, like the kubelet's rotateCertificates. If false,
	 * the stored certificate is used and no certificate is requested, except that with a
	 * bootstrap kubeconfig the first certificate is requested once if none is stored.
	 * Changes of the files that tls-cert-file and tls-private-key-file name are then used
	 * within 10 seconds, and cert-dir is not read.
	 */
	private @Nullable Boolean rotateCertificates;

	/**
	 * Directory of the pair files, like the kubelet's --cert-dir.
	 */
	private Path certDir = Path.of("/var/lib/kubelet/pki");

	/**
	 * Prefix of the pair files, and the certificate's name in the endpoint, the SSL
	 * bundle, events and metrics. By default that of the profile; without one
	 * kubelet-client, or for a further certificate its name.
	 */
	private @Nullable String pairName;

	/**
	 * File with a certificate to use until the first rotation. If rotation is off, a
	 * certificate that another program keeps up to date.
	 */
	private @Nullable Path tlsCertFile;

	/**
	 * File with the private key of tls-cert-file.
	 */
	private @Nullable Path tlsPrivateKeyFile;

	/**
	 * Signer that issues the certificate, such as kubernetes.io/kubelet-serving.
	 * Required, except that a profile has its own signer and that a template with the
	 * subject of a kubelet (system:node:NAME, system:nodes) and no names goes to
	 * kubernetes.io/kube-apiserver-client-kubelet.
	 */
	private @Nullable String signerName;

	/**
	 * PEM file with the certificate authorities of the signer. It is read again when it
	 * changes. An issued certificate whose chain does not lead to one of them is refused,
	 * and a stored one is replaced. By default the chain of an issued certificate is not
	 * checked.
	 */
	private @Nullable Path signerCaFile;

	/**
	 * Usages to request. By default digital signature, key encipherment for RSA keys, and
	 * server auth or client auth: that of the signer for Kubernetes' own signers; for
	 * others server auth if the certificate has DNS names or IP addresses, and client
	 * auth if it has none.
	 */
	private List<String> usages = List.of();

	/**
	 * Lifetime to request, at least 10 minutes. By default the signer decides.
	 */
	private @Nullable Duration requestedLifetime;

	/**
	 * What the certificate states.
	 */
	@NestedConfigurationProperty
	private final TemplateProperties template = new TemplateProperties();

	/**
	 * Source of the DNS names and IP addresses.
	 */
	@NestedConfigurationProperty
	private final AddressesProperties addresses = new AddressesProperties();

	/**
	 * The private key.
	 */
	@NestedConfigurationProperty
	private final KeyProperties key = new KeyProperties();

	/**
	 * When the certificate rotates.
	 */
	@NestedConfigurationProperty
	private final RotationProperties rotation = new RotationProperties();

	/**
	 * What happens at startup if there is no certificate.
	 */
	@NestedConfigurationProperty
	private final StartupProperties startup = new StartupProperties();

	/**
	 * How pairs are stored.
	 */
	private final Store store = new Store();

	/**
	 * The SSL bundle.
	 */
	@NestedConfigurationProperty
	private final SslProperties ssl = new SslProperties();

	public @Nullable Profile getProfile() {
		return this.profile;
	}

	public void setProfile(@Nullable Profile profile) {
		this.profile = profile;
	}

	public @Nullable String getNodeName() {
		return this.nodeName;
	}

	public void setNodeName(@Nullable String nodeName) {
		this.nodeName = nodeName;
	}

	public @Nullable Path getConfigFile() {
		return this.configFile;
	}

	public void setConfigFile(@Nullable Path configFile) {
		this.configFile = configFile;
	}

	public @Nullable Boolean getRotateCertificates() {
		return this.rotateCertificates;
	}

	public void setRotateCertificates(@Nullable Boolean rotateCertificates) {
		this.rotateCertificates = rotateCertificates;
	}

	public Path getCertDir() {
		return this.certDir;
	}

	public void setCertDir(Path certDir) {
		this.certDir = certDir;
	}

	public @Nullable String getPairName() {
		return this.pairName;
	}

	public void setPairName(@Nullable String pairName) {
		this.pairName = pairName;
	}

	public @Nullable Path getTlsCertFile() {
		return this.tlsCertFile;
	}

	public void setTlsCertFile(@Nullable Path tlsCertFile) {
		this.tlsCertFile = tlsCertFile;
	}

	public @Nullable Path getTlsPrivateKeyFile() {
		return this.tlsPrivateKeyFile;
	}

	public void setTlsPrivateKeyFile(@Nullable Path tlsPrivateKeyFile) {
		this.tlsPrivateKeyFile = tlsPrivateKeyFile;
	}

	public @Nullable String getSignerName() {
		return this.signerName;
	}

	public void setSignerName(@Nullable String signerName) {
		this.signerName = signerName;
	}

	public @Nullable Path getSignerCaFile() {
		return this.signerCaFile;
	}

	public void setSignerCaFile(@Nullable Path signerCaFile) {
		this.signerCaFile = signerCaFile;
	}

	public List<String> getUsages() {
		return this.usages;
	}

	public void setUsages(List<String> usages) {
		this.usages = usages;
	}

	public @Nullable Duration getRequestedLifetime() {
		return this.requestedLifetime;
	}

	public void setRequestedLifetime(@Nullable Duration requestedLifetime) {
		this.requestedLifetime = requestedLifetime;
	}

	public TemplateProperties getTemplate() {
		return this.template;
	}

	public AddressesProperties getAddresses() {
		return this.addresses;
	}

	public KeyProperties getKey() {
		return this.key;
	}

	public RotationProperties getRotation() {
		return this.rotation;
	}

	public StartupProperties getStartup() {
		return this.startup;
	}

	public Store getStore() {
		return this.store;
	}

	public SslProperties getSsl() {
		return this.ssl;
	}

	/**
	 * How pairs are stored.
	 */
	static class Store {

		/**
		 * Number of old pair files to keep.
		 */
		private int retain = 5;

		public int getRetain() {
			return this.retain;
		}

		public void setRetain(int retain) {
			this.retain = retain;
		}

	}

}
