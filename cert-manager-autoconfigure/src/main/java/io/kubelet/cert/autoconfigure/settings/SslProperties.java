package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import javax.net.ssl.SSLParameters;

import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.AcceptedPeers.Named;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.ssl.SslOptions;

import static io.kubelet.cert.autoconfigure.settings.CertificateSettings.Ssl.DRAIN_SECONDS;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.CONFIG_MAP;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.NOT_BLANK;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.NOT_NEGATIVE;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.SIGNER_NAME;
import static io.kubelet.cert.autoconfigure.settings.Valid.Rule.TRUE;
import static java.time.temporal.ChronoUnit.SECONDS;

/**
 * The SSL bundle of a certificate.
 *
 * @param bundle Name of the SSL bundle. By default the pair name.
 * @param trust Authorities that the bundle trusts: one or more, separated by commas. They
 * add to those of trust-file, trust-config-map and trust-bundle; with one of these, the
 * default is none.
 * @param trustConfigMap ConfigMap with authorities that the bundle trusts, as
 * [namespace/]name[:key], such as kube-root-ca.crt or internal-ca:bundle.pem. By default
 * the namespace of the pod or the context, and the key ca.crt. It is watched.
 * @param trustBundle ClusterTrustBundles whose authorities the bundle trusts.
 * @param trustFile PEM file with authorities that the bundle trusts, which is read again
 * when it changes.
 * @param trustOverlap How long an authority is trusted after its removal from the last of
 * its sources.
 * @param acceptedClients The clients that a server with the bundle accepts among those of
 * the trusted authorities. By default all.
 * @param acceptedServers The servers that a client with the bundle accepts among those of
 * the trusted authorities, in place of a comparison with the address. By default those
 * whose certificate contains the address.
 * @param drain How long connections that use the previous certificate may stay open after
 * a rotation.
 * @param options Protocols and cipher suites of connections with the bundle.
 */
record SslProperties(@Nullable String bundle,
		@Inherited(unless = TRUST) @Valid(NOT_BLANK) @DefaultValue List<Trust> trust,
		@Inherited(unless = TRUST) @Valid(CONFIG_MAP) @Nullable String trustConfigMap,
		@Inherited(unless = TRUST) @DefaultValue TrustBundle trustBundle,
		@Inherited(unless = TRUST) @Valid(NOT_BLANK) @Nullable Path trustFile,
		@Inherited @Valid(NOT_NEGATIVE) @DefaultValue("1h") @DurationUnit(SECONDS) Duration trustOverlap,
		@Inherited(unless = CLIENTS) @Valid(NOT_BLANK) @DefaultValue AcceptedClients acceptedClients,
		@Inherited(unless = SERVERS) @Valid(NOT_BLANK) @DefaultValue AcceptedServers acceptedServers,
		@Inherited @Valid(NOT_NEGATIVE) @DefaultValue(DRAIN_SECONDS + "s") @DurationUnit(SECONDS) Duration drain,
		@Inherited @DefaultValue Options options) {

	/** All of these determine which authorities a bundle trusts. */
	private static final String TRUST = "ssl.trust,ssl.trust-file,ssl.trust-config-map,ssl.trust-bundle.name,ssl.trust-bundle.signer-name";

	private static final String CLIENTS = "ssl.accepted-clients.uris,ssl.accepted-clients.dns-names,ssl.accepted-clients.common-names,ssl.accepted-clients.all";

	private static final String SERVERS = "ssl.accepted-servers.uris,ssl.accepted-servers.dns-names,ssl.accepted-servers.by-address";

	/**
	 * The clients that a server accepts. One of the names suffices.
	 *
	 * @param uris URIs of accepted clients, such as spiffe://example.org/ns/shop/sa/shop.
	 * A URI may end in '/*' (one further segment) or '/**' (one or more). Requires
	 * client-auth; with 'want', a client without a certificate passes, and one with a
	 * certificate that is not accepted does not.
	 * @param dnsNames DNS names of accepted clients, without wildcards.
	 * @param commonNames Common names of accepted clients, for authorities that issue
	 * nothing else.
	 * @param all Set it to true to accept all clients of the trusted authorities, for an
	 * additional certificate that is not to inherit the lists.
	 */
	record AcceptedClients(@Valid(NOT_BLANK) @DefaultValue List<String> uris,
			@Valid(NOT_BLANK) @DefaultValue List<String> dnsNames,
			@Valid(NOT_BLANK) @DefaultValue List<String> commonNames, @Valid(TRUE) @Nullable Boolean all) {

		AcceptedPeers resolve(PropertyNames names) {
			return accepted(names, "ssl.accepted-clients.", "all", this.all, this.uris, this.dnsNames,
					this.commonNames);
		}

	}

	/**
	 * The servers that a client accepts. One of the names suffices.
	 *
	 * @param uris URIs of accepted servers, such as spiffe://example.org/ns/orders/sa/*.
	 * They replace the verification of the host name, so each of these servers may answer
	 * in place of another one. Of several URIs in a certificate, one suffices, unless one
	 * is a SPIFFE ID: it has to be the only one.
	 * @param dnsNames DNS names of accepted servers, without wildcards, in place of that
	 * of the address, as for a port-forward.
	 * @param byAddress Set it to true to accept the servers whose certificate contains
	 * the address, for an additional certificate that is not to inherit the lists.
	 */
	record AcceptedServers(@Valid(NOT_BLANK) @DefaultValue List<String> uris,
			@Valid(NOT_BLANK) @DefaultValue List<String> dnsNames, @Valid(TRUE) @Nullable Boolean byAddress) {

		AcceptedPeers resolve(PropertyNames names) {
			return accepted(names, "ssl.accepted-servers.", "by-address", this.byAddress, this.uris, this.dnsNames,
					List.of());
		}

	}

	private static AcceptedPeers accepted(PropertyNames names, String group, String everyone, @Nullable Boolean set,
			List<String> uris, List<String> dnsNames, List<String> commonNames) {
		boolean named = !uris.isEmpty() || !dnsNames.isEmpty() || !commonNames.isEmpty();
		names.require(set == null || !named, group + everyone, set,
				"There are accepted names as well, which would not count: remove them, or this property");
		if (!named) {
			return AcceptedPeers.everyone();
		}
		return new Named(names.check(group + "uris", uris, () -> Named.uris(uris)),
				names.check(group + "dns-names", dnsNames, () -> Named.dnsNames(dnsNames)),
				names.check(group + "common-names", commonNames, () -> Named.commonNames(commonNames)));
	}

	/**
	 * Protocols and cipher suites of connections with the bundle, as in those of Spring
	 * Boot.
	 *
	 * @param ciphers Cipher suites that a server or client with the bundle may use, such
	 * as TLS_AES_256_GCM_SHA384. By default its own.
	 * @param enabledProtocols Protocols that a server or client with the bundle may use,
	 * such as TLSv1.3. By default its own.
	 */
	record Options(@Valid(NOT_BLANK) @DefaultValue List<String> ciphers,
			@Valid(NOT_BLANK) @DefaultValue List<String> enabledProtocols) {

		SslOptions resolve(PropertyNames names) {
			if (this.ciphers.isEmpty() && this.enabledProtocols.isEmpty()) {
				return SslOptions.NONE;
			}
			SSLParameters supported = SslManagerBundle.from()
				.createSslContext(SslBundle.DEFAULT_PROTOCOL)
				.getSupportedSSLParameters();
			return SslOptions.of(
					array(names, "ssl.options.ciphers", this.ciphers, List.of(supported.getCipherSuites())),
					array(names, "ssl.options.enabled-protocols", this.enabledProtocols,
							List.of(supported.getProtocols())));
		}

		private static String @Nullable [] array(PropertyNames names, String property, List<String> values,
				List<String> supported) {
			for (String value : values) {
				names.require(supported.contains(value), property, values,
						"The JVM does not support '%s': use some of %s".formatted(value, supported));
			}
			return values.isEmpty() ? null : values.toArray(String[]::new);
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
		SYSTEM,

		/**
		 * The certificate authority that the issuer returned with the certificate.
		 */
		ISSUER

	}

	/**
	 * The ClusterTrustBundles whose authorities an SSL bundle trusts.
	 *
	 * @param name ClusterTrustBundle with the authorities that the bundle trusts.
	 * Requires Kubernetes 1.37, or 1.33 with the API enabled.
	 * @param signerName Signer whose ClusterTrustBundles hold the authorities that the
	 * bundle trusts, such as kubernetes.io/kube-apiserver-serving.
	 * @param labelSelector Label selector for these ClusterTrustBundles, as for kubectl,
	 * such as 'environment in (production, staging)'.
	 */
	record TrustBundle(@Valid(NOT_BLANK) @Nullable String name, @Valid( {
			NOT_BLANK, SIGNER_NAME }) @Nullable String signerName, @Nullable String labelSelector){

	}

}
