package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.KeyAlgorithm;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of one certificate.
 *
 * @param profile what kind of certificate a kubelet has this is: fills the pair name, the
 * subject, the signer, the usages, and the addresses of a serving certificate. What is
 * set by other properties wins.
 * @param nodeName name of the node, for the profiles and the addresses of the node. By
 * default the host name, in lower case; for a further certificate the name that the first
 * one has.
 * @param configFile configuration file of a kubelet, such as
 * /var/lib/kubelet/config.yaml, for the certificates that have a profile:
 * rotateCertificates, serverTLSBootstrap, tlsCertFile and tlsPrivateKeyFile. What is not
 * in it is off, as for a kubelet; what is set by other properties wins. For a further
 * certificate by default the file of the first.
 * @param rotateCertificates whether to rotate the certificate, as the kubelet's
 * rotateCertificates. If false, what is stored is used and nothing is requested, except
 * that with a bootstrap kubeconfig the first certificate is requested once if there is
 * none. Files named by tls-cert-file are then followed within 10 seconds of a change, and
 * those in cert-dir are not looked at.
 * @param certDir directory of the pair files, as the kubelet's --cert-dir.
 * @param pairName prefix of the pair files, and the name of the certificate in endpoint,
 * bundle, events and metrics.
 * @param tlsCertFile file with a certificate to use until the first rotation. If rotation
 * is off, a certificate that someone else manages.
 * @param tlsPrivateKeyFile file with the private key of tls-cert-file.
 * @param signerName signer to ask for the certificate. By default that of the profile,
 * without one kubernetes.io/kube-apiserver-client-kubelet.
 * @param signerCaFile PEM file with the certificate authorities that the signer signs by,
 * read again when it changes. A certificate whose chain does not lead to one of them is
 * refused. By default the chain is not checked.
 * @param usages usages to ask for. By default they follow from the signer and the key.
 * @param requestedLifetime lifetime to ask for, at least 10 minutes. By default the
 * signer decides.
 * @param template what the certificate is to say.
 * @param addresses where the DNS names and IP addresses of the certificate are from.
 * @param key the private key to make.
 * @param rotation when to rotate.
 * @param startup what to do at start while there is no certificate.
 * @param store how to keep pairs.
 * @param ssl the SSL bundle of the certificate.
 */
@ConfigurationProperties(CertificateProperties.PREFIX)
public record CertificateProperties(@Nullable Profile profile, @Nullable String nodeName, @Nullable Path configFile,
		@Nullable Boolean rotateCertificates, @Nullable Path certDir, @Nullable String pairName,
		@Nullable Path tlsCertFile, @Nullable Path tlsPrivateKeyFile, @Nullable String signerName,
		@Nullable Path signerCaFile, @DefaultValue List<String> usages, @Nullable Duration requestedLifetime,
		@DefaultValue Template template, @DefaultValue Addresses addresses, @DefaultValue Key key,
		@DefaultValue Rotation rotation, @DefaultValue Startup startup, @DefaultValue Store store,
		@DefaultValue Ssl ssl) {

	static final String PREFIX = "kubelet.cert";

	/**
	 * What the certificate is to say.
	 *
	 * @param commonName common name of the subject.
	 * @param organizations organizations of the subject.
	 * @param dnsNames DNS names.
	 * @param ipAddresses IP addresses.
	 * @param uris URIs.
	 * @param emailAddresses e-mail addresses.
	 */
	public record Template(@Nullable String commonName, @DefaultValue List<String> organizations,
			@DefaultValue List<String> dnsNames, @DefaultValue List<String> ipAddresses,
			@DefaultValue List<String> uris, @DefaultValue List<String> emailAddresses) {

		boolean isEmpty() {
			return this.commonName == null && this.organizations.isEmpty() && this.dnsNames.isEmpty()
					&& this.ipAddresses.isEmpty() && this.uris.isEmpty() && this.emailAddresses.isEmpty();
		}

	}

	/**
	 * Where the DNS names and IP addresses of the certificate are from. Those under
	 * template are asked for in any case. A change of addresses rotates the certificate.
	 *
	 * @param source whose addresses they are. By default those under template alone; with
	 * the kubelet-serving profile, and none under template, those of the node.
	 * @param interfaces network interfaces whose addresses count, such as eth0. By
	 * default all of them.
	 * @param dnsOnly whether DNS names will do as long as there is no IP address, as the
	 * kubelet's AllowDNSOnlyNodeCSR. Otherwise nothing is requested before there is one.
	 */
	public record Addresses(@Nullable AddressSourceKind source, @DefaultValue List<String> interfaces,
			@DefaultValue("false") boolean dnsOnly) {

	}

	/**
	 * The private key to make.
	 *
	 * @param algorithm algorithm of the key.
	 * @param size size of the key in bits: 256, 384 or 521 for EC, from 2048 for RSA. By
	 * default 256 for EC and 2048 for RSA.
	 */
	public record Key(@DefaultValue("ec") KeyAlgorithm algorithm, @Nullable Integer size) {

	}

	/**
	 * When to rotate.
	 *
	 * @param earliest fraction of the lifetime before which the rotation deadline does
	 * not fall.
	 * @param latest fraction of the lifetime after which the rotation deadline does not
	 * fall.
	 * @param waitTimeout how long to wait for approval and signature before it counts as
	 * a failure.
	 * @param retry when to try again.
	 */
	public record Rotation(@DefaultValue("0.7") double earliest, @DefaultValue("0.9") double latest,
			@DefaultValue("15m") Duration waitTimeout, @DefaultValue Retry retry) {

	}

	/**
	 * When to try again after a failure.
	 *
	 * @param initialDelay wait after the first failure.
	 * @param multiplier factor by which the wait grows with each failure, up to the
	 * interval.
	 * @param jitter fraction of the wait that is added at random.
	 * @param attempts number of attempts with growing waits.
	 * @param interval wait after each failure beyond these attempts.
	 */
	public record Retry(@DefaultValue("2s") Duration initialDelay, @DefaultValue("2") double multiplier,
			@DefaultValue("0.1") double jitter, @DefaultValue("5") int attempts,
			@DefaultValue("32s") Duration interval) {

	}

	/**
	 * What to do at start while there is no certificate.
	 *
	 * @param mode whether to wait for the certificate and fail without it, or to go on in
	 * the background.
	 * @param timeout how long to wait.
	 */
	public record Startup(@DefaultValue("wait") StartupMode mode, @DefaultValue("60s") Duration timeout) {

	}

	/**
	 * How to keep pairs.
	 *
	 * @param retain number of old pair files to keep.
	 */
	public record Store(@DefaultValue("5") int retain) {

	}

	/**
	 * The SSL bundle of the certificate.
	 *
	 * @param bundle name of the SSL bundle. By default the pair name.
	 * @param trust whom the bundle trusts, unless trust-file or trust-config-map is set.
	 * @param trustConfigMap ConfigMap with the certificate authorities that the bundle
	 * trusts under its key ca.crt, such as kube-root-ca.crt, or
	 * kube-system/kube-root-ca.crt for that of another namespace. Read at start, and
	 * again when it changes. An application that goes on in the background trusts nobody
	 * until it has been read.
	 * @param trustFile PEM file with the certificate authorities that the bundle trusts,
	 * read again when it changes. In a pod, a ConfigMap can be mounted as such a file.
	 * @param trustOverlap how long an authority is trusted beyond its removal from where
	 * it was named.
	 * @param drain how long connections that were made with the certificate of before a
	 * rotation may go on.
	 */
	public record Ssl(@Nullable String bundle, @DefaultValue("cluster") Trust trust, @Nullable String trustConfigMap,
			@Nullable Path trustFile, @DefaultValue("1h") Duration trustOverlap, @DefaultValue("30s") Duration drain) {

	}

	/**
	 * What to do at start while there is no certificate.
	 */
	public enum StartupMode {

		/** Wait for the certificate, and fail to start without it. */
		WAIT,

		/** Start without it; it comes later. */
		BACKGROUND

	}

	/**
	 * The kinds of certificate that a kubelet has.
	 */
	public enum Profile {

		/** What a node authenticates with to the API server. */
		KUBELET_CLIENT("kubelet-client", "kubernetes.io/kube-apiserver-client-kubelet"),

		/** What a node serves with. */
		KUBELET_SERVING("kubelet-server", "kubernetes.io/kubelet-serving");

		private final String pairName;

		private final String signerName;

		Profile(String pairName, String signerName) {
			this.pairName = pairName;
			this.signerName = signerName;
		}

		String pairName() {
			return this.pairName;
		}

		String signerName() {
			return this.signerName;
		}

	}

	/**
	 * Whose addresses a certificate carries.
	 */
	public enum AddressSourceKind {

		/** Those under template, and no others. */
		FIXED,

		/** Those in the status of the Node object, watched through the API server. */
		NODE,

		/**
		 * Those in POD_IP, POD_IPS and POD_NAME, which the pod's manifest fills by the
		 * downward API. Without the first two, those of the network interfaces.
		 */
		POD,

		/**
		 * Those of the network interfaces, without loopback and link-local ones, and the
		 * node name.
		 */
		INTERFACES

	}

	/**
	 * Whom an SSL bundle trusts.
	 */
	public enum Trust {

		/**
		 * The certificate authority of the cluster: that of the kubeconfig, or of the
		 * pod's service account.
		 */
		CLUSTER,

		/** The certificate authorities that the JDK trusts. */
		SYSTEM

	}

}
