package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.autoconfigure.addresses.Addresses;
import io.kubelet.cert.autoconfigure.kubelet.Profile;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.export.ExportSettings;
import io.kubelet.cert.rotation.engine.RotationSettings;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.boot.ssl.SslOptions;

/**
 * The settings of one certificate: validated, and with every default applied.
 *
 * @param properties the names of its properties
 * @param name the certificate's name
 * @param profile which certificate of a kubelet it is, {@code null} for any other
 * @param storage where its pairs are
 * @param request what is requested
 * @param rotation when it rotates
 * @param startup what happens at startup if there is no certificate
 * @param ssl its SSL bundle
 * @param export where it is exported for other programs, {@code null} if it is not
 */
public record CertificateSettings(PropertyNames properties, String name, @Nullable Profile profile, Storage storage,
		Request request, Rotation rotation, Startup startup, Ssl ssl, @Nullable ExportSettings export) {

	/**
	 * Where the pairs of a certificate are.
	 *
	 * @param certDir the directory of the pair files
	 * @param initialPair the pair to use until the first rotation, or always if there is
	 * none; {@code null} if none is named
	 * @param selfSigned whether the initial pair is created, self-signed, if it is
	 * missing
	 * @param retain how many old pair files are kept
	 * @param secret the Secret that replicas share, {@code null} if pairs are stored in
	 * files
	 */
	public record Storage(Path certDir, @Nullable PairLocation initialPair, boolean selfSigned, int retain,
			@Nullable SharedSecret secret) {
	}

	/**
	 * A Secret that replicas share.
	 *
	 * @param namespace its namespace, {@code null} for that of the pod or of the context
	 * @param name its name
	 * @param copied whether there is a copy of the pair in the directory of the pair
	 * files
	 */
	public record SharedSecret(@Nullable String namespace, String name, boolean copied) {

		@Override
		public String toString() {
			return "Secret " + ((this.namespace != null) ? this.namespace + "/" : "") + this.name;
		}

	}

	/**
	 * What is requested.
	 *
	 * @param requested what the engine requests; the name of the signer has no origin if
	 * neither a signer nor an issuer is named
	 * @param issuer the issuer of cert-manager, {@code null} for a signer
	 * @param signerCaFile the file with the authorities of the signer
	 * @param template the configured template, without the names of the source of
	 * addresses
	 * @param addresses where further names are from
	 */
	public record Request(RotationSettings.Request requested, @Nullable Issuer issuer, @Nullable Path signerCaFile,
			CertificateTemplate template, Addresses addresses) {

		private static final CertificateTemplate NOTHING = CertificateTemplate.ofSubject(null);

		/**
		 * Whether nothing is configured that a certificate could state.
		 * @return {@code true} if the template is empty
		 */
		public boolean isEmpty() {
			return this.template.equals(NOTHING);
		}

	}

	/**
	 * An issuer of cert-manager.
	 *
	 * @param reference names the issuer
	 * @param namespace the namespace of the requests, {@code null} for that of the pod or
	 * of the context
	 * @param annotations the annotations of the requests
	 */
	public record Issuer(Signer.Issuer reference, @Nullable String namespace, Map<String, String> annotations) {
	}

	/**
	 * When a certificate rotates.
	 *
	 * @param enabled whether it does
	 * @param origin what says so, for messages
	 * @param schedule when it is requested
	 */
	public record Rotation(boolean enabled, String origin, Schedule schedule) {
	}

	/**
	 * What happens at startup if there is no certificate.
	 *
	 * @param mode Whether to wait for the certificate and fail without it, or to start
	 * without it and obtain it in the background.
	 * @param timeout How long to wait for the certificate, and for authorities that are
	 * read from the API server.
	 */
	public record Startup(@DefaultValue("wait") Mode mode,
			@Valid(Valid.Rule.POSITIVE) @DefaultValue("60s") @DurationUnit(ChronoUnit.SECONDS) Duration timeout) {

		/**
		 * Returns whether the application waits for the certificate.
		 * @return {@code true} unless the mode is {@code background}
		 */
		public boolean waits() {
			return this.mode == Mode.WAIT;
		}

		/**
		 * What happens at startup if there is no certificate.
		 */
		public enum Mode {

			/** Wait for the certificate, and fail to start without it. */
			WAIT,

			/** Start without the certificate and obtain it in the background. */
			BACKGROUND

		}

	}

	/**
	 * The SSL bundle of a certificate.
	 *
	 * @param bundle the bundle's name
	 * @param trusted where the authorities are that it trusts, at least one place
	 * @param trustOverlap how long a removed authority is trusted
	 * @param peers which peers are accepted
	 * @param drain how long connections with the previous certificate may stay open
	 * @param options the protocols and cipher suites of its connections
	 */
	public record Ssl(String bundle, List<Trusted> trusted, Duration trustOverlap, PeerRules peers, Duration drain,
			SslOptions options) {

		/** The default drain, also that of a certificate that has no settings. */
		public static final int DRAIN_SECONDS = 30;

		/** Returns whether the authority of the issuer is trusted. */
		public boolean trustsIssuer() {
			return this.trusted.stream().anyMatch((place) -> place.kind() == TrustKind.ISSUER);
		}

	}

	/**
	 * A place of authorities that a bundle trusts.
	 *
	 * @param kind the kind of place
	 * @param property the property that names it, without the prefix
	 * @param name its value: the path of the file, the name of the object or of its
	 * signer, or the kind
	 * @param labels selects among the objects of a signer, empty for all
	 */
	public record Trusted(TrustKind kind, String property, String name, String labels) {
	}

	/**
	 * The kinds of place with authorities.
	 */
	public enum TrustKind {

		/** A file. */
		FILE,

		/** A ConfigMap. */
		CONFIG_MAP,

		/** A ClusterTrustBundle. */
		TRUST_BUNDLE,

		/** The ClusterTrustBundles of a signer. */
		TRUST_BUNDLES_OF_SIGNER,

		/** The kubeconfig or the service account. */
		CLUSTER,

		/** The JDK. */
		SYSTEM,

		/** The stored pair, with the authority that the issuer returned. */
		ISSUER

	}

}
