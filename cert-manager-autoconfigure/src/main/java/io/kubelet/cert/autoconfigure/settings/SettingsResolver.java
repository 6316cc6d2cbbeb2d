package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
	 */
	SettingsResolver(PropertyNames names, CertificateProperties properties, String defaultName) {
		this.names = names;
		this.properties = properties;
		this.profile = properties.profile();
		this.name = Objects.requireNonNullElse(properties.pairName(),
				(this.profile != null) ? this.profile.pairName() : defaultName);
		Path file = usedConfigFile();
		this.kubelet = (file != null) ? names.check("config-file", file, () -> KubeletConfiguration.read(file)) : null;
	}

	@Nullable Path usedConfigFile() {
		return (this.profile != null) ? this.properties.configFile() : null;
	}

	/** The file may be that of another certificate, which inherits it. */
	void requireUseOfConfigFile(Set<Path> used) {
		Path file = this.properties.configFile();
		this.names.require(file == null || used.contains(file), "config-file", file,
				"The file applies to certificates of a kubelet only: set '{profile}' as well");
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
		return (this.kubelet != null && this.profile == Profile.KUBELET_SERVING) ? this.kubelet.pair() : null;
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
		requireShareable(this.profile == null, "it identifies one node ('{profile}')");
		requireShareable(Profile.nodeName(request.template().commonName()) == null,
				"it identifies one node ('{template.common-name}')");
		requireShareable(request.addresses().source() == AddressSourceKind.FIXED,
				"it states the addresses of one replica ('{addresses.source}')");
		requireShareable(this.properties.tlsCertFile() == null, "it is in files ('{tls-cert-file}')");
	}

	private void requireShareable(boolean condition, String otherwise) {
		this.names.require(condition, "store.type", "secret",
				"Replicas cannot share this certificate, because " + otherwise
						+ ": set '%s.store.type' to 'file', or change what the certificate states",
				this.names.prefix());
	}

	private Rotation rotation() {
		CertificateProperties.Rotation rotation = this.properties.rotation();
		CertificateProperties.Retry retry = rotation.retry();
		RotationWindow window = this.names.check("rotation.earliest", rotation.earliest(),
				() -> new RotationWindow(rotation.earliest(), rotation.latest()));
		RetrySchedule schedule = this.names.check("rotation.retry",
				"multiplier %s, jitter %s, attempts %d".formatted(retry.multiplier(), retry.jitter(), retry.attempts()),
				() -> new RetrySchedule(retry.initialDelay(), retry.multiplier(), retry.jitter(), retry.attempts(),
						retry.interval()));
		Boolean configured = this.properties.rotateCertificates();
		boolean enabled = !Boolean.FALSE.equals(configured);
		String origin = this.names.of("rotate-certificates") + "=" + enabled;
		if (configured == null && this.kubelet != null) {
			enabled = (this.profile == Profile.KUBELET_SERVING) ? this.kubelet.serverTlsBootstrap()
					: this.kubelet.rotateCertificates();
			origin = "by the kubelet's configuration file";
		}
		return new Rotation(enabled, origin, new Schedule(!enabled, this.properties.startup().waits(), window,
				rotation.waitTimeout(), rotation.forcedInterval(), schedule));
	}

	private Ssl ssl(Request request) {
		CertificateProperties.Ssl ssl = this.properties.ssl();
		Trusted trusted = trusted(ssl);
		this.names.require(trusted.kind() != TrustKind.ISSUER || request.hasIssuer(), "ssl.trust", "issuer",
				"No issuer is configured, and a signer returns no authority: set '{issuer.name}', or name the authorities otherwise, such as with '{ssl.trust-config-map}'");
		return new Ssl(Objects.requireNonNullElse(ssl.bundle(), this.name), trusted, ssl.trustOverlap(), ssl.drain());
	}

	private Trusted trusted(CertificateProperties.Ssl ssl) {
		CertificateProperties.TrustBundle bundle = ssl.trustBundle();
		String labels = Objects.requireNonNullElse(bundle.labelSelector(), "");
		Trusted trusted = null;
		for (TrustKind kind : TrustKind.values()) {
			Object value = switch (kind) {
				case FILE -> ssl.trustFile();
				case CONFIG_MAP -> ssl.trustConfigMap();
				case TRUST_BUNDLE -> bundle.name();
				case TRUST_BUNDLES_OF_SIGNER -> bundle.signerName();
				case CLUSTER, SYSTEM, ISSUER -> null;
			};
			if (value != null) {
				this.names.require(trusted == null, kind.property(), value,
						"There is an %s as well: remove one of them",
						(trusted != null) ? trusted.kind().property() : "");
				trusted = new Trusted(kind, value.toString(), labels);
			}
		}
		this.names.require(labels.isEmpty() || (trusted != null && trusted.kind() == TrustKind.TRUST_BUNDLES_OF_SIGNER),
				"ssl.trust-bundle.label-selector", labels,
				"It selects among the ClusterTrustBundles of a signer: set '{ssl.trust-bundle.signer-name}' as well");
		return (trusted != null) ? trusted : new Trusted(TrustKind.valueOf(ssl.trust().name()), "", "");
	}

}
