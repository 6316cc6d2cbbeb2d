package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.settings.CertificateProperties.Store;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Request;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Rotation;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Ssl;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Storage;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;

/**
 * Resolves the properties of one certificate into its settings. For each setting the
 * order is: the property, the profile, the kubelet's configuration file, the default.
 */
final class SettingsResolver {

	/** That of the kubelet. */
	private static final Path CERT_DIR = Path.of("/var/lib/kubelet/pki");

	/**
	 * The name of a Secret, as the API server validates it, optionally after its
	 * namespace.
	 */
	private static final Pattern SECRET = Pattern
		.compile("(?:(?<namespace>[a-z0-9]([-a-z0-9]*[a-z0-9])?)/)?(?<name>[a-z0-9]([-.a-z0-9]*[a-z0-9])?)");

	/** The Secret states in a label which certificate it is for. */
	private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

	private final PropertyNames names;

	private final CertificateProperties properties;

	private final @Nullable Profile profile;

	private final String name;

	/** Only a certificate that has a profile follows the kubelet's configuration. */
	private final @Nullable KubeletConfiguration kubelet;

	/**
	 * Creates a resolver.
	 * @param defaultName the certificate's name if no property determines it
	 * @param kubelet whether any certificate has a profile, and so a use for the
	 * kubelet's configuration file
	 */
	SettingsResolver(PropertyNames names, CertificateProperties properties, String defaultName, boolean kubelet) {
		this.names = names;
		this.properties = properties;
		Profile profile = properties.profile();
		Path file = properties.configFile();
		this.profile = profile;
		this.name = Objects.requireNonNullElse(properties.pairName(),
				(profile != null) ? profile.pairName() : defaultName);
		names.require(file == null || kubelet, "config-file", file,
				"The file applies to certificates of a kubelet only: set '{profile}' as well");
		this.kubelet = (file != null && profile != null)
				? names.check("config-file", file, () -> KubeletConfiguration.read(file, profile)) : null;
	}

	CertificateSettings resolve() {
		this.names.require(!this.name.contains("/"), "pair-name", this.name,
				"The name begins the names of the pair files: use no '/', and set '{cert-dir}' for another directory");
		Rotation rotation = rotation();
		Request request = new RequestResolver(this.names, this.properties).resolve();
		return new CertificateSettings(this.names, this.name, this.profile, storage(rotation, request), request,
				rotation, this.properties.startup(), ssl(request));
	}

	private Storage storage(Rotation rotation, Request request) {
		Path certDir = Objects.requireNonNullElse(this.properties.certDir(), CERT_DIR);
		PairLocation named = initialPair();
		boolean selfSigned = named == null && !rotation.enabled() && this.profile == Profile.KUBELET_SERVING;
		return new Storage(certDir,
				selfSigned ? new PairLocation(certDir.resolve("kubelet.crt"), certDir.resolve("kubelet.key")) : named,
				selfSigned, this.properties.store().retain(), secret(request));
	}

	private @Nullable PairLocation initialPair() {
		Path certificate = this.properties.tlsCertFile();
		Path privateKey = this.properties.tlsPrivateKeyFile();
		if (certificate != null && privateKey != null) {
			return new PairLocation(certificate, privateKey);
		}
		this.names.require(certificate == null && privateKey == null,
				(certificate == null) ? "tls-cert-file" : "tls-private-key-file", null,
				"Set both the certificate and its key, or neither");
		return (this.kubelet != null) ? this.kubelet.pair() : null;
	}

	private @Nullable SharedSecret secret(Request request) {
		Store store = this.properties.store();
		if (store.type() == Store.Type.FILE) {
			this.names.require(store.secret() == null, "store.secret", store.secret(),
					"Pairs are stored in files: set '{store.type}' to 'secret', or remove this property");
			return null;
		}
		requireShareable(request);
		this.names.require(LABEL.matcher(this.name).matches(), "pair-name", this.name,
				"The name becomes a label of the Secret: use at most 63 letters, digits, '-', '_' and '.'");
		this.names.require(
				store.secret() != null || this.properties.pairName() != null
						|| !this.names.prefix().equals(PropertyNames.PREFIX),
				"store.secret", null,
				"Name the Secret, such as shop-tls: with the default, two applications of a namespace would share one certificate");
		String reference = Objects.requireNonNullElse(store.secret(), this.name);
		Matcher parts = SECRET.matcher(reference);
		this.names.require(parts.matches(), "store.secret", reference,
				"It is not the name of a Secret, optionally after its namespace, such as shop-tls or shop/shop-tls");
		return new SharedSecret(parts.group("namespace"), parts.group("name"),
				Objects.requireNonNullElse(store.copy(), this.properties.certDir() != null));
	}

	private void requireShareable(Request request) {
		String obstacle = (this.profile != null) ? "identifies one node ('{profile}')"
				: (Profile.nodeName(request.template().commonName()) != null)
						? "identifies one node ('{template.common-name}')"
						: (request.addresses().source() != AddressSourceKind.FIXED)
								? "states the addresses of one replica ('{addresses.source}')"
								: (this.properties.tlsCertFile() != null) ? "is in files ('{tls-cert-file}')" : null;
		this.names.require(obstacle == null, "store.type", "secret",
				"Replicas cannot share this certificate, because it " + obstacle
						+ ": set '%s.store.type' to 'file', or change what the certificate states",
				this.names.prefix());
	}

	private Rotation rotation() {
		CertificateProperties.Rotation rotation = this.properties.rotation();
		CertificateProperties.Retry retry = rotation.retry();
		RotationWindow window = this.names.check("rotation.earliest", rotation.earliest(),
				() -> new RotationWindow(rotation.earliest(), rotation.latest()));
		RetrySchedule schedule = new RetrySchedule(retry.initialDelay(), retry.multiplier(), retry.jitter(),
				retry.attempts(), retry.interval());
		Boolean configured = this.properties.rotateCertificates();
		boolean enabled = !Boolean.FALSE.equals(configured);
		String origin = this.names.of("rotate-certificates") + "=" + enabled;
		if (configured == null && this.kubelet != null) {
			enabled = this.kubelet.rotates();
			origin = "by the kubelet's configuration file";
		}
		return new Rotation(enabled, origin, new Schedule(!enabled, this.properties.startup().waits(), window,
				rotation.waitTimeout(), rotation.forcedInterval(), schedule));
	}

	private Ssl ssl(Request request) {
		CertificateProperties.Ssl ssl = this.properties.ssl();
		Trusted trusted = trusted(ssl);
		this.names.require(trusted.kind() != TrustKind.ISSUER || request.issuer() != null, "ssl.trust", "issuer",
				"A signer returns no authority, and certificate '%1$s' has no issuer: set '%2$s.issuer.name', or name the authorities otherwise, such as with '%2$s.ssl.trust-config-map' or '%2$s.ssl.trust'",
				this.name, this.names.prefix());
		return new Ssl(Objects.requireNonNullElse(ssl.bundle(), this.name), trusted, ssl.trustOverlap(), ssl.drain());
	}

	private Trusted trusted(CertificateProperties.Ssl ssl) {
		CertificateProperties.TrustBundle bundle = ssl.trustBundle();
		String labels = Objects.requireNonNullElse(bundle.labelSelector(), "");
		List<Trusted> named = Stream.of(trusted(TrustKind.FILE, "ssl.trust-file", ssl.trustFile(), labels),
				trusted(TrustKind.CONFIG_MAP, "ssl.trust-config-map", ssl.trustConfigMap(), labels),
				trusted(TrustKind.TRUST_BUNDLE, "ssl.trust-bundle.name", bundle.name(), labels),
				trusted(TrustKind.TRUST_BUNDLES_OF_SIGNER, "ssl.trust-bundle.signer-name", bundle.signerName(), labels))
			.flatMap(Optional::stream)
			.toList();
		if (named.size() > 1) {
			throw this.names.invalid(named.get(1).property(), named.get(1).name(),
					"There is an %s as well: remove one of them", named.get(0).property());
		}
		Trusted trusted = named.isEmpty() ? new Trusted(TrustKind.valueOf(ssl.trust().name()), "ssl.trust", "", "")
				: named.get(0);
		this.names.require(labels.isEmpty() || trusted.kind() == TrustKind.TRUST_BUNDLES_OF_SIGNER,
				"ssl.trust-bundle.label-selector", labels,
				"It selects among the ClusterTrustBundles of a signer: set '{ssl.trust-bundle.signer-name}' as well");
		return trusted;
	}

	private static Optional<Trusted> trusted(TrustKind kind, String property, @Nullable Object name, String labels) {
		return Optional.ofNullable(name).map((present) -> new Trusted(kind, property, present.toString(), labels));
	}

}
