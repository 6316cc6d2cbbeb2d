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
 * @param rotateCertificates whether to rotate the certificate, as the kubelet's
 * rotateCertificates. If false, what is stored is used and nothing is ever requested.
 * @param certDir directory of the pair files, as the kubelet's --cert-dir.
 * @param pairName prefix of the pair files, and the name of the certificate in endpoint,
 * bundle, events and metrics.
 * @param tlsCertFile file with a certificate to use until the first rotation.
 * @param tlsPrivateKeyFile file with the private key of tls-cert-file.
 * @param signerName signer to ask for the certificate.
 * @param usages usages to ask for. By default they follow from the signer and the key.
 * @param requestedLifetime lifetime to ask for, at least 10 minutes. By default the
 * signer decides.
 * @param template what the certificate is to say.
 * @param key the private key to make.
 * @param rotation when to rotate.
 * @param startup what to do at start while there is no certificate.
 * @param store how to keep pairs.
 * @param ssl the SSL bundle of the certificate.
 */
@ConfigurationProperties(CertificateProperties.PREFIX)
public record CertificateProperties(@DefaultValue("true") boolean rotateCertificates, @Nullable Path certDir,
		@Nullable String pairName, @Nullable Path tlsCertFile, @Nullable Path tlsPrivateKeyFile,
		@DefaultValue(CertificateProperties.DEFAULT_SIGNER) String signerName, @DefaultValue List<String> usages,
		@Nullable Duration requestedLifetime, @DefaultValue Template template, @DefaultValue Key key,
		@DefaultValue Rotation rotation, @DefaultValue Startup startup, @DefaultValue Store store,
		@DefaultValue Ssl ssl) {

	static final String PREFIX = "kubelet.cert";

	static final String DEFAULT_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";

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
	 * @param multiplier factor by which the wait grows with each failure.
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
	 * @param trust whom the bundle trusts, unless trust-file is set.
	 * @param trustFile PEM file with the certificate authorities that the bundle trusts.
	 */
	public record Ssl(@Nullable String bundle, @DefaultValue("cluster") Trust trust, @Nullable Path trustFile) {

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
