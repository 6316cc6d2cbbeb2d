package io.kubelet.cert.autoconfigure.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.autoconfigure.addresses.AddressSourceKind;
import io.kubelet.cert.autoconfigure.kubelet.Profile;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.rotation.RotationWindow;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;

import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.DIRECTORY;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.FRACTION;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.KIND;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.NAME;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.NOT_BLANK;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.NOT_NEGATIVE;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.ONE_OR_MORE;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.POSITIVE;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.SECRET;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.SIGNER_NAME;
import static io.kubelet.cert.rotation.RetrySchedule.ATTEMPTS;
import static io.kubelet.cert.rotation.RetrySchedule.INITIAL_SECONDS;
import static io.kubelet.cert.rotation.RetrySchedule.INTERVAL_SECONDS;
import static io.kubelet.cert.rotation.RetrySchedule.JITTER;
import static io.kubelet.cert.rotation.RetrySchedule.MULTIPLIER;
import static io.kubelet.cert.rotation.engine.RotationSettings.Schedule.FORCED_SECONDS;
import static io.kubelet.cert.rotation.engine.RotationSettings.Schedule.WAIT_MINUTES;
import static java.time.temporal.ChronoUnit.SECONDS;

/**
 * The properties of one certificate, as they are bound. What is not set and has no
 * default here depends on other properties: see {@link SettingsResolver}.
 *
 * @param profile Kind of kubelet certificate. Sets the pair name, the subject, the signer
 * and the usages, and for a serving certificate the source of its addresses. Other
 * properties take precedence.
 * @param nodeName Name of the node. By default the host name, in lower case.
 * @param configFile Configuration file of a kubelet, such as
 * /var/lib/kubelet/config.yaml, from which certificates with a profile take
 * rotateCertificates, serverTLSBootstrap, tlsCertFile and tlsPrivateKeyFile. A setting
 * that it does not contain is off. Other properties take precedence.
 * @param rotateCertificates Whether to rotate the certificate, like the kubelet's
 * rotateCertificates. If false, the stored certificate is used and none is requested,
 * except for the first one with a bootstrap kubeconfig. With tls-cert-file, cert-dir is
 * then not read.
 * @param certDir Directory of the pair files, like the kubelet's --cert-dir.
 * @param pairName Prefix of the pair files, and the certificate's name in the endpoint,
 * the SSL bundle, events and metrics. By default that of the profile; without one
 * kubelet-client, or for an additional certificate its name.
 * @param tlsCertFile File with a certificate to use until the first rotation. If rotation
 * is off, a certificate that another program keeps up to date.
 * @param tlsPrivateKeyFile File with the private key of tls-cert-file. By default that
 * file itself.
 * @param issuer Issuer of cert-manager that issues the certificate, instead of a signer.
 * @param signerName Signer that issues the certificate, such as
 * kubernetes.io/kubelet-serving. Required without an issuer, except with a profile, or
 * with the subject of a kubelet (system:node:NAME, system:nodes) and no names, which goes
 * to kubernetes.io/kube-apiserver-client-kubelet.
 * @param signerCaFile PEM file with the authorities of the signer, which is read again
 * when it changes. An issued certificate that does not lead to one of them is refused,
 * and a stored one is replaced at the start. By default the chain is not checked.
 * @param usages Usages to request. By default digital signature, key encipherment for RSA
 * keys, and that of the signer for Kubernetes' own signers; for others server auth if
 * there are DNS names or IP addresses, both if there are URIs alone, and otherwise client
 * auth.
 * @param requestedLifetime Lifetime to request: for a signer from 10 minutes to 24855
 * days. If an issuer grants less, that is reported. By default the signer or the issuer
 * decides.
 * @param template What the certificate states.
 * @param addresses Source of the DNS names and IP addresses.
 * @param key The private key.
 * @param rotation When the certificate rotates.
 * @param startup What happens at startup if there is no certificate.
 * @param store How pairs are stored.
 * @param ssl The SSL bundle.
 * @param export Files for drivers and sidecars.
 */
@ConfigurationProperties(PropertyNames.PREFIX)
record CertificateProperties(@Nullable Profile profile, @Inherited @Valid(NOT_BLANK) @Nullable String nodeName,
		@Inherited @Nullable Path configFile, @Nullable Boolean rotateCertificates,
		@Inherited @Valid(DIRECTORY) @Nullable Path certDir, @Nullable String pairName, @Nullable Path tlsCertFile,
		@Nullable Path tlsPrivateKeyFile, @Inherited(unless = "signer-name,profile") @DefaultValue Issuer issuer,
		@Valid(SIGNER_NAME) @Nullable String signerName, @Valid(NOT_BLANK) @Nullable Path signerCaFile,
		@DefaultValue List<String> usages,
		@Inherited @Valid(POSITIVE) @DurationUnit(SECONDS) @Nullable Duration requestedLifetime,
		@DefaultValue Template template, @DefaultValue Addresses addresses, @Inherited @DefaultValue Key key,
		@Inherited @DefaultValue Rotation rotation,
		@Inherited @NestedConfigurationProperty @DefaultValue Startup startup, @DefaultValue Store store,
		@NestedConfigurationProperty @DefaultValue SslProperties ssl,
		@NestedConfigurationProperty @DefaultValue ExportProperties export) {

	/** Each of these determines who issues the certificate. */
	private static final String ISSUED_BY = "issuer.name,signer-name,profile";

	/**
	 * The issuer of cert-manager.
	 *
	 * @param name Name of the issuer.
	 * @param kind Issuer, ClusterIssuer, or the kind of an external issuer.
	 * @param group API group of the issuer.
	 * @param namespace Namespace of the requests, and of an Issuer. By default that of
	 * the pod or the context.
	 * @param annotations Annotations of the requests, for some external issuers. A key
	 * with dots or slashes is written in brackets, such as
	 * '[issuers.example.com/template]'.
	 */
	record Issuer(@Valid(NAME) @Nullable String name,
			@Inherited(unless = ISSUED_BY) @Valid(KIND) @DefaultValue("Issuer") String kind,
			@Inherited(unless = ISSUED_BY) @Valid(NAME) @DefaultValue(Signer.Issuer.CERT_MANAGER) String group,
			@Valid(NAME) @Nullable String namespace, @DefaultValue Map<String, String> annotations) {

	}

	/**
	 * What a certificate states.
	 *
	 * @param commonName Common name of the subject.
	 * @param organizations Organizations of the subject.
	 * @param dnsNames DNS names.
	 * @param ipAddresses IP addresses.
	 * @param uris URIs.
	 * @param emailAddresses E-mail addresses.
	 */
	record Template(@Nullable String commonName, @DefaultValue List<String> organizations,
			@DefaultValue List<String> dnsNames, @DefaultValue List<String> ipAddresses,
			@DefaultValue List<String> uris, @DefaultValue List<String> emailAddresses) {

		/**
		 * They are in URLs, addresses and lists, which are easily confused with names.
		 */
		private static final List<String> NOT_IN_DNS_NAMES = List.of(" ", "/", ":", "@", ";");

		/**
		 * Returns what is requested.
		 * @param node the name of the node whose subject is the default, {@code null} if
		 * there is no default
		 */
		CertificateTemplate resolve(PropertyNames names, @Nullable String node) {
			requireAscii(names, "template.dns-names", this.dnsNames);
			requireAscii(names, "template.uris", this.uris);
			requireAscii(names, "template.email-addresses", this.emailAddresses);
			this.dnsNames.forEach((name) -> names.require(NOT_IN_DNS_NAMES.stream().noneMatch(name::contains),
					"template.dns-names", this.dnsNames,
					"'%s' is not a DNS name: set it to host names, separated by commas, such as shop.example.com",
					name));
			this.dnsNames.forEach((name) -> names.require(!CertificateNames.isIpAddress(name), "template.dns-names",
					this.dnsNames,
					"'%s' is an IP address, which clients look for in '{template.ip-addresses}': set it there", name));
			this.uris.forEach((uri) -> names.require(isWhole(uri), "template.uris", this.uris,
					"'%s' is not a whole URI: set it to one such as spiffe://example.org/ns/shop/sa/shop", uri));
			return new CertificateTemplate(
					(this.commonName == null && node != null) ? Profile.NODE_PREFIX + node : this.commonName,
					(this.organizations.isEmpty() && node != null) ? List.of(Profile.NODES) : this.organizations,
					this.dnsNames,
					names.check("template.ip-addresses", this.ipAddresses,
							() -> this.ipAddresses.stream().map(CertificateNames::parseIpAddress).toList()),
					this.uris, this.emailAddresses);
		}

		private static void requireAscii(PropertyNames names, String property, List<String> values) {
			values.forEach((value) -> names.require(CertificateNames.isAscii(value), property, values,
					"'%s' has characters that a certificate cannot contain: write it in ASCII, a host name in its form with 'xn--'",
					value));
		}

		/** A signer may sign any text, but the JDK does not read such a certificate. */
		private static boolean isWhole(String uri) {
			try {
				return new URI(uri).isAbsolute();
			}
			catch (URISyntaxException ex) {
				return false;
			}
		}

	}

	/**
	 * Source of the DNS names and IP addresses of a certificate. Those of the template
	 * are added.
	 *
	 * @param source Source of further addresses. By default none; for the kubelet-serving
	 * profile without addresses in the template, those of the node.
	 * @param interfaces Network interfaces, such as eth0. By default all.
	 * @param dnsOnly Whether to request a certificate with DNS names only while no IP
	 * address is known, like the kubelet's AllowDNSOnlyNodeCSR.
	 */
	record Addresses(@Nullable AddressSourceKind source, @DefaultValue List<String> interfaces, boolean dnsOnly) {

	}

	/**
	 * The private key of a certificate.
	 *
	 * @param algorithm Algorithm of the key. Chromium does not connect to a server whose
	 * key is Ed25519.
	 * @param size Size of the key in bits: 256, 384 or 521 for EC, from 2048 to 8192 for
	 * RSA. By default 256 for EC and 2048 for RSA.
	 */
	record Key(@DefaultValue("ec") KeySpecification.Algorithm algorithm,
			@Inherited(unless = "key.algorithm") @Nullable Integer size) {

	}

	/**
	 * When a certificate rotates.
	 *
	 * @param earliest Fraction of the lifetime before which the certificate is not
	 * rotated.
	 * @param latest Fraction of the lifetime by which the certificate is rotated, at a
	 * random time between earliest and latest. By default 0.9, except for pairs that
	 * another program manages: they are overdue shortly before they expire.
	 * @param waitTimeout How long to wait for approval and signature before an attempt
	 * counts as failed.
	 * @param forcedInterval Shortest time between two rotations that are requested
	 * through the endpoint or the API.
	 * @param retry Waits between attempts.
	 */
	record Rotation(@DefaultValue("" + RotationWindow.EARLIEST) double earliest, @Nullable Double latest,
			@Valid(POSITIVE) @DefaultValue(WAIT_MINUTES + "m") @DurationUnit(SECONDS) Duration waitTimeout,
			@Valid(NOT_NEGATIVE) @DefaultValue(FORCED_SECONDS + "s") @DurationUnit(SECONDS) Duration forcedInterval,
			@DefaultValue Retry retry) {

	}

	/**
	 * Waits between attempts.
	 *
	 * @param initialDelay Wait after the first failure.
	 * @param multiplier Factor by which the wait grows with each failure, up to the
	 * interval.
	 * @param jitter Fraction of the wait that is added at random. With 0, the waits are
	 * exact.
	 * @param attempts From this failed attempt on, the wait is the interval. With 5, four
	 * waits grow.
	 * @param interval Wait after each further failure. While the API server stays out of
	 * reach, up to twice as long, and up to five times while the certificate is valid for
	 * long.
	 */
	record Retry(@Valid(POSITIVE) @DefaultValue(INITIAL_SECONDS + "s") @DurationUnit(SECONDS) Duration initialDelay,
			@Valid(ONE_OR_MORE) @DefaultValue("" + MULTIPLIER) double multiplier,
			@Valid(FRACTION) @DefaultValue("" + JITTER) double jitter,
			@Valid(ONE_OR_MORE) @DefaultValue("" + ATTEMPTS) int attempts,
			@Valid(POSITIVE) @DefaultValue(INTERVAL_SECONDS + "s") @DurationUnit(SECONDS) Duration interval) {

	}

	/**
	 * How pairs are stored.
	 *
	 * @param type Where pairs are stored.
	 * @param secret Secret of type kubernetes.io/tls that replicas share, as
	 * [namespace/]name. By default the pair name if that is set, and the namespace of the
	 * pod or the context.
	 * @param copy Whether to keep a copy of the pair in cert-dir, for starts without the
	 * API server. By default if cert-dir is set.
	 * @param retain Number of old pair files to keep.
	 */
	record Store(@Inherited @DefaultValue("file") Type type, @Valid(SECRET) @Nullable String secret,
			@Inherited @Nullable Boolean copy, @Inherited @Valid(ONE_OR_MORE) @DefaultValue("5") int retain) {

		/**
		 * Where pairs are stored.
		 */
		enum Type {

			/** Files in cert-dir. */
			FILE,

			/** A Secret, which the replicas of an application share. */
			SECRET

		}

	}

}
