package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Addresses;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Request;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Rotation;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Ssl;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Storage;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeyAlgorithm;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Usage;
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

	private static final Duration SHORTEST_LIFETIME = Duration.ofMinutes(10);

	private static final int RSA_SIZE = 2048;

	/** That of the kubelet. */
	private static final Path CERT_DIR = Path.of("/var/lib/kubelet/pki");

	/** Alternatives: each determines which authorities a bundle trusts. */
	private static final Set<String> TRUST = Set.of("ssl.trust", "ssl.trust-file", "ssl.trust-config-map",
			"ssl.trust-bundle.name", "ssl.trust-bundle.signer-name");

	private final PropertyNames names;

	private final CertificateProperties properties;

	private final @Nullable Profile profile;

	/** Only a certificate that has a profile follows the kubelet's configuration. */
	private final @Nullable KubeletConfiguration kubelet;

	SettingsResolver(PropertyNames names, CertificateProperties properties) {
		this.names = names;
		this.properties = properties;
		this.profile = properties.profile();
		Path file = properties.configFile();
		this.kubelet = (file != null && hasProfile())
				? names.check("config-file", file, () -> KubeletConfiguration.read(file)) : null;
	}

	boolean hasProfile() {
		return this.profile != null;
	}

	/** A kubelet's configuration file says nothing about other certificates. */
	void requireUseOfConfigFile(boolean used) {
		if (this.properties.configFile() != null && !used && !this.names.inherited().contains("config-file")) {
			throw this.names.invalid("config-file", this.properties.configFile(),
					"The file applies to certificates of a kubelet only: set '%s' as well"
						.formatted(this.names.of("profile")));
		}
	}

	CertificateSettings resolve(String defaultName) {
		String name = Objects.requireNonNullElse(this.properties.pairName(),
				(this.profile != null) ? this.profile.pairName() : defaultName);
		Rotation rotation = rotation();
		Request request = request();
		Ssl ssl = ssl(name);
		if (ssl.trusted().kind() == TrustKind.ISSUER && !request.hasIssuer()) {
			throw this.names.invalid("ssl.trust", "issuer",
					"No issuer is configured, and a signer returns no authority: set '%s', or name the authorities otherwise, such as with '%s'"
						.formatted(this.names.of("issuer.name"), this.names.of("ssl.trust-config-map")));
		}
		return new CertificateSettings(this.names, name, this.profile, storage(name, rotation.enabled(), request),
				request, rotation, startup(), ssl);
	}

	private Storage storage(String name, boolean rotates, Request request) {
		Path certDir = Objects.requireNonNullElse(this.properties.certDir(), CERT_DIR);
		if (Files.exists(certDir) && !Files.isDirectory(certDir)) {
			throw this.names.invalid("cert-dir", certDir, "It is a file: set it to a directory for the pair files");
		}
		int retain = this.properties.store().retain();
		if (retain < 1) {
			throw this.names.invalid("store.retain", retain, "Keep at least one old pair: set it to 1 or more");
		}
		PairLocation named = initialPair();
		boolean selfSigned = named == null && !rotates && this.profile == Profile.KUBELET_SERVING;
		return new Storage(certDir,
				selfSigned ? new PairLocation(certDir.resolve("kubelet.crt"), certDir.resolve("kubelet.key")) : named,
				selfSigned, retain, new SecretResolver(this.names, this.properties).resolve(name, request));
	}

	private @Nullable PairLocation initialPair() {
		Path certificate = this.properties.tlsCertFile();
		Path privateKey = this.properties.tlsPrivateKeyFile();
		if (certificate != null && privateKey != null) {
			return new PairLocation(certificate, privateKey);
		}
		if (certificate != null || privateKey != null) {
			String missing = (certificate == null) ? "tls-cert-file" : "tls-private-key-file";
			throw this.names.invalid(missing, null, "Set both the certificate and its key, or neither");
		}
		KubeletConfiguration kubelet = this.kubelet;
		return (kubelet != null && this.profile == Profile.KUBELET_SERVING && kubelet.tlsCertFile() != null
				&& kubelet.tlsPrivateKeyFile() != null)
						? new PairLocation(kubelet.tlsCertFile(), kubelet.tlsPrivateKeyFile()) : null;
	}

	private Request request() {
		CertificateProperties.Template template = this.properties.template();
		AddressSourceKind source = addressSource(template);
		String nodeName = nodeName(source);
		CertificateTemplate resolved = template(template, nodeName);
		Signer signer = new SignerResolver(this.names, this.properties).resolve(resolved, source);
		return new Request(signer, this.properties.signerCaFile(), usages(), lifetime(signer), key(), resolved,
				addresses(source, nodeName),
				this.names.of((template.commonName() != null) ? "template.common-name" : "node-name"));
	}

	private AddressSourceKind addressSource(CertificateProperties.Template template) {
		AddressSourceKind source = this.properties.addresses().source();
		if (source != null) {
			return source;
		}
		return (this.profile == Profile.KUBELET_SERVING && template.dnsNames().isEmpty()
				&& template.ipAddresses().isEmpty()) ? AddressSourceKind.NODE : AddressSourceKind.FIXED;
	}

	/** The host is asked for its name only if that is of use. */
	private String nodeName(AddressSourceKind source) {
		String configured = this.properties.nodeName();
		boolean used = this.profile != null || source == AddressSourceKind.NODE
				|| source == AddressSourceKind.INTERFACES;
		return (configured != null || used) ? this.names.check("node-name", configured, () -> NodeName.of(configured))
				: "";
	}

	private CertificateTemplate template(CertificateProperties.Template template, String nodeName) {
		boolean kubelet = this.profile != null;
		String commonName = template.commonName();
		List<String> organizations = template.organizations();
		return new CertificateTemplate((commonName == null && kubelet) ? Profile.NODE_PREFIX + nodeName : commonName,
				(organizations.isEmpty() && kubelet) ? List.of(Profile.NODES) : organizations, template.dnsNames(),
				this.names.check("template.ip-addresses", template.ipAddresses(),
						() -> template.ipAddresses().stream().map(CertificateNames::parseIpAddress).toList()),
				template.uris(), template.emailAddresses());
	}

	private Addresses addresses(AddressSourceKind source, String nodeName) {
		List<String> interfaces = this.properties.addresses().interfaces();
		if (!interfaces.isEmpty() && source == AddressSourceKind.NODE) {
			throw this.names.invalid("addresses.interfaces", interfaces,
					"The addresses are those of the Node object: set '%s' to 'interfaces', or remove this property"
						.formatted(this.names.of("addresses.source")));
		}
		return new Addresses(source, Set.copyOf(interfaces), this.properties.addresses().dnsOnly(), nodeName);
	}

	private List<Usage> usages() {
		List<String> usages = this.properties.usages();
		return this.names.check("usages", usages, () -> usages.stream().map(Usage::of).distinct().toList());
	}

	/** An issuer has its own shortest lifetime. */
	private @Nullable Duration lifetime(@Nullable Signer signer) {
		Duration lifetime = this.properties.requestedLifetime();
		if (signer != null && signer.issuer() != null) {
			return (lifetime != null) ? this.names.positive("requested-lifetime", lifetime) : null;
		}
		if (lifetime != null
				&& (lifetime.compareTo(SHORTEST_LIFETIME) < 0 || lifetime.toSeconds() > Integer.MAX_VALUE)) {
			throw this.names.invalid("requested-lifetime", ReadableDuration.of(lifetime),
					"The API server accepts lifetimes from 10 minutes to 68 years");
		}
		return lifetime;
	}

	private KeySpecification key() {
		KeyAlgorithm algorithm = this.properties.key().algorithm();
		Integer configured = ownOrInherited("key.size", this.properties.key().size(), Set.of("key.algorithm"));
		int size = Objects.requireNonNullElse(configured,
				(algorithm == KeyAlgorithm.RSA) ? RSA_SIZE : KeySpecification.EC_P256.size());
		return this.names.check("key.size", size, () -> new KeySpecification(algorithm, size));
	}

	private Rotation rotation() {
		CertificateProperties.Rotation rotation = this.properties.rotation();
		CertificateProperties.Retry retry = rotation.retry();
		RotationWindow window = this.names.check("rotation.earliest", rotation.earliest(),
				() -> new RotationWindow(rotation.earliest(), rotation.latest()));
		Duration initialDelay = this.names.positive("rotation.retry.initial-delay", retry.initialDelay());
		Duration interval = this.names.positive("rotation.retry.interval", retry.interval());
		RetrySchedule schedule = this.names.check("rotation.retry",
				"multiplier %s, jitter %s, attempts %d".formatted(retry.multiplier(), retry.jitter(), retry.attempts()),
				() -> new RetrySchedule(initialDelay, retry.multiplier(), retry.jitter(), retry.attempts(), interval));
		Duration waitTimeout = this.names.positive("rotation.wait-timeout", rotation.waitTimeout());
		Duration forcedInterval = this.names.notNegative("rotation.forced-interval", rotation.forcedInterval());
		Boolean configured = this.properties.rotateCertificates();
		boolean enabled = !Boolean.FALSE.equals(configured);
		String origin = this.names.of("rotate-certificates") + "=" + enabled;
		if (configured == null && this.kubelet != null) {
			enabled = (this.profile == Profile.KUBELET_SERVING) ? this.kubelet.serverTlsBootstrap()
					: this.kubelet.rotateCertificates();
			origin = "by the kubelet's configuration file";
		}
		return new Rotation(enabled, origin, new Schedule(!enabled, this.properties.startup().waits(), window,
				waitTimeout, forcedInterval, schedule, null));
	}

	private Startup startup() {
		Duration timeout = this.names.positive("startup.timeout", this.properties.startup().timeout());
		if (timeout.toSeconds() == 0) {
			throw this.names.invalid("startup.timeout", timeout.toMillis() + "ms",
					"It is too short. A number without a unit means milliseconds: for example, set it to 60s");
		}
		return this.properties.startup();
	}

	private Ssl ssl(String name) {
		CertificateProperties.Ssl ssl = this.properties.ssl();
		return new Ssl(Objects.requireNonNullElse(ssl.bundle(), name), trusted(ssl),
				this.names.notNegative("ssl.trust-overlap", ssl.trustOverlap()),
				this.names.notNegative("ssl.drain", ssl.drain()));
	}

	private Trusted trusted(CertificateProperties.Ssl ssl) {
		CertificateProperties.TrustBundle bundle = ssl.trustBundle();
		String labels = Objects
			.requireNonNullElse(ownOrInherited("ssl.trust-bundle.label-selector", bundle.labelSelector(), TRUST), "");
		Trusted trusted = null;
		for (TrustKind kind : TrustKind.values()) {
			Object value = ownOrInherited(kind.property(), switch (kind) {
				case FILE -> ssl.trustFile();
				case CONFIG_MAP -> ssl.trustConfigMap();
				case TRUST_BUNDLE -> bundle.name();
				case TRUST_BUNDLES_OF_SIGNER -> bundle.signerName();
				case CLUSTER, SYSTEM, ISSUER -> null;
			}, TRUST);
			if (value != null && trusted != null) {
				throw this.names.invalid(kind.property(), value,
						"There is an " + trusted.kind().property() + " as well: remove one of them");
			}
			if (value != null) {
				trusted = new Trusted(kind, value.toString(), labels);
			}
		}
		if (trusted != null && trusted.kind() == TrustKind.TRUST_BUNDLES_OF_SIGNER) {
			SignerResolver.requireSignerName(this.names, trusted.kind().property(), trusted.name());
		}
		else if (!labels.isEmpty()) {
			throw this.names.invalid("ssl.trust-bundle.label-selector", labels,
					"It selects among the ClusterTrustBundles of a signer: set '%s' as well"
						.formatted(this.names.of(TrustKind.TRUST_BUNDLES_OF_SIGNER.property())));
		}
		return (trusted != null) ? trusted : new Trusted(TrustKind.valueOf(ssl.trust().name()), "", "");
	}

	/** An alternative that the certificate sets itself replaces an inherited value. */
	private <T> @Nullable T ownOrInherited(String property, @Nullable T value, Set<String> alternatives) {
		return this.names.inherited().contains(property) && alternatives.stream().anyMatch(this.names.own()::contains)
				? null : value;
	}

}
