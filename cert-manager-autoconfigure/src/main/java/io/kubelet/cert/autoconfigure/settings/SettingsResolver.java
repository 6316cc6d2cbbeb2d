package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.addresses.AddressSourceKind;
import io.kubelet.cert.autoconfigure.addresses.Addresses;
import io.kubelet.cert.autoconfigure.kubelet.KubeletConfiguration;
import io.kubelet.cert.autoconfigure.kubelet.NodeName;
import io.kubelet.cert.autoconfigure.kubelet.Profile;
import io.kubelet.cert.autoconfigure.settings.CertificateProperties.Store;
import io.kubelet.cert.autoconfigure.settings.CertificateProperties.Template;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Request;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Rotation;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Ssl;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Storage;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.engine.RotationSettings;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;

/**
 * Resolves the properties of one certificate into its settings. For each setting the
 * order is: the property, the profile, the kubelet's configuration file, the default.
 *
 * @param names the names of the properties
 * @param properties the properties
 * @param defaultName the certificate's name if no property determines it
 */
record SettingsResolver(PropertyNames names, CertificateProperties properties, String defaultName) {

	/** This is the default of the kubelet. */
	private static final Path CERT_DIR = Path.of("/var/lib/kubelet/pki");

	private static final Duration SHORTEST_LIFETIME = Duration.ofMinutes(10);

	/** The API server takes a number of seconds with 32 bits. */
	private static final Duration LONGEST_LIFETIME = Duration.ofSeconds(Integer.MAX_VALUE);

	private static final String LABEL = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

	private static final int RSA_SIZE = 2048;

	CertificateSettings resolve() {
		Profile profile = this.properties.profile();
		String name = Objects.requireNonNullElse(this.properties.pairName(),
				(profile != null) ? profile.pairName() : this.defaultName);
		this.names.require(name.indexOf('/') < 0, "pair-name", name,
				"It is the beginning of the names of files: set it to a name without '/'");
		KubeletConfiguration kubelet = kubelet();
		Rotation rotation = rotation(kubelet);
		Request request = request();
		return new CertificateSettings(this.names, name, profile, storage(name, rotation, request, kubelet), request,
				rotation, this.properties.startup(), ssl(name, request), this.properties.export().resolve(this.names));
	}

	/** The kubelet's configuration is of use for a certificate with a profile only. */
	private @Nullable KubeletConfiguration kubelet() {
		Path file = this.properties.configFile();
		Profile profile = this.properties.profile();
		return (file != null && profile != null)
				? this.names.check("config-file", file, () -> KubeletConfiguration.read(file, profile)) : null;
	}

	private Storage storage(String name, Rotation rotation, Request request, @Nullable KubeletConfiguration kubelet) {
		Path certDir = Objects.requireNonNullElse(this.properties.certDir(), CERT_DIR);
		PairLocation named = initialPair(kubelet);
		boolean selfSigned = named == null && !rotation.enabled()
				&& this.properties.profile() == Profile.KUBELET_SERVING;
		return new Storage(certDir,
				selfSigned ? new PairLocation(certDir.resolve("kubelet.crt"), certDir.resolve("kubelet.key")) : named,
				selfSigned, this.properties.store().retain(), secret(name, request));
	}

	private @Nullable PairLocation initialPair(@Nullable KubeletConfiguration kubelet) {
		Path certificate = this.properties.tlsCertFile();
		Path privateKey = this.properties.tlsPrivateKeyFile();
		if (certificate != null && privateKey != null) {
			return new PairLocation(certificate, privateKey);
		}
		if (certificate != null) {
			this.names.require(!lacksKey(certificate), "tls-private-key-file", null,
					"There is no private key in '%s': set this property to the file with the key", certificate);
			return new PairLocation(certificate, certificate);
		}
		this.names.require(privateKey == null, "tls-cert-file", null,
				"Set it to the file with the certificate, which may hold the key as well");
		return (kubelet != null) ? kubelet.pair() : null;
	}

	/** A file that cannot be read is reported when the pair is. */
	private static boolean lacksKey(Path file) {
		try {
			return !TextFile.read(file).contains("PRIVATE KEY-----");
		}
		catch (IOException ex) {
			return false;
		}
	}

	private @Nullable SharedSecret secret(String name, Request request) {
		Store store = this.properties.store();
		if (store.type() == Store.Type.FILE) {
			this.names.require(store.secret() == null, "store.secret", store.secret(),
					"Pairs are stored in files: set '{store.type}' to 'secret', or remove this property");
			return null;
		}
		this.names.require(
				request.addresses().source() == AddressSourceKind.FIXED
						&& Profile.nodeName(request.template().commonName()) == null,
				"store.type", "secret",
				"Replicas cannot share this certificate, because it identifies a node or states addresses of one replica: set '%s.store.type' to 'file'",
				this.names.prefix());
		this.names.require(this.properties.tlsCertFile() == null, "tls-cert-file", this.properties.tlsCertFile(),
				"The pair is stored in a Secret: remove this property, or set '{store.type}' to 'file'");
		this.names.require(name.matches(LABEL), "pair-name", name,
				"The name becomes a label of the Secret: set this property to a name of at most 63 letters, digits, '-', '_' and '.' that begins and ends with a letter or digit");
		String reference = Objects.requireNonNullElse(store.secret(), name);
		this.names.require(store.secret() != null || Valid.Rule.SECRET.accepts(name), "pair-name", name,
				"The Secret has the same name, which may have lower-case letters, digits, '-' and '.' only: set '{store.secret}'");
		this.names.require(store.secret() != null || !name.equals(Profile.KUBELET_CLIENT.pairName()), "store.secret",
				null,
				"Name the Secret, such as shop-tls: with the default, two applications of a namespace would share one certificate");
		int slash = reference.indexOf('/');
		return new SharedSecret((slash >= 0) ? reference.substring(0, slash) : null, reference.substring(slash + 1),
				Objects.requireNonNullElse(store.copy(), this.properties.certDir() != null));
	}

	private Rotation rotation(@Nullable KubeletConfiguration kubelet) {
		CertificateProperties.Rotation rotation = this.properties.rotation();
		CertificateProperties.Retry retry = rotation.retry();
		double earliest = rotation.earliest();
		double latest = Objects.requireNonNullElse(rotation.latest(), RotationWindow.LATEST);
		// Only what is set can be the mistake
		boolean byLatest = earliest == RotationWindow.EARLIEST;
		RotationWindow window = this.names.check(byLatest ? "rotation.latest" : "rotation.earliest",
				byLatest ? latest : earliest, () -> new RotationWindow(earliest, latest));
		RetrySchedule schedule = new RetrySchedule(retry.initialDelay(), retry.multiplier(), retry.jitter(),
				retry.attempts(), retry.interval());
		Boolean configured = this.properties.rotateCertificates();
		boolean enabled = !Boolean.FALSE.equals(configured);
		String origin = this.names.of("rotate-certificates") + "=" + enabled;
		if (configured == null && kubelet != null) {
			enabled = kubelet.rotates();
			origin = "by the kubelet's configuration file";
		}
		return new Rotation(enabled, origin, new Schedule(!enabled, this.properties.startup().waits(), window,
				rotation.latest() != null, rotation.waitTimeout(), rotation.forcedInterval(), schedule));
	}

	private Request request() {
		Addresses addresses = addresses();
		CertificateTemplate template = this.properties.template()
			.resolve(this.names, (this.properties.profile() != null) ? addresses.nodeName() : null);
		Issuer issuer = issuer();
		Duration lifetime = this.properties.requestedLifetime();
		boolean accepted = issuer != null || lifetime == null
				|| (lifetime.compareTo(SHORTEST_LIFETIME) >= 0 && lifetime.compareTo(LONGEST_LIFETIME) <= 0);
		this.names.require(accepted, "requested-lifetime", lifetime,
				"The API server accepts lifetimes from 10 minutes to 24855 days");
		return new Request(requested(issuer, template, addresses.source()), issuer, this.properties.signerCaFile(),
				template, addresses);
	}

	private Addresses addresses() {
		Template template = this.properties.template();
		CertificateProperties.Addresses addresses = this.properties.addresses();
		boolean ofNode = this.properties.profile() == Profile.KUBELET_SERVING && template.dnsNames().isEmpty()
				&& template.ipAddresses().isEmpty();
		AddressSourceKind source = Objects.requireNonNullElse(addresses.source(),
				ofNode ? AddressSourceKind.NODE : AddressSourceKind.FIXED);
		boolean read = source == AddressSourceKind.INTERFACES || source == AddressSourceKind.POD;
		this.names.require(read || addresses.interfaces().isEmpty(), "addresses.interfaces", addresses.interfaces(),
				"They are read only if '{addresses.source}' is 'interfaces' or 'pod'");
		return new Addresses(source, Set.copyOf(addresses.interfaces()), addresses.dnsOnly(), nodeName(source));
	}

	/** The host is asked for its name only if that is of use. */
	private String nodeName(AddressSourceKind source) {
		String configured = this.properties.nodeName();
		boolean used = configured != null || this.properties.profile() != null || source == AddressSourceKind.NODE
				|| source == AddressSourceKind.INTERFACES;
		return used ? this.names.check("node-name", configured, () -> NodeName.of(configured)) : "";
	}

	private @Nullable Issuer issuer() {
		CertificateProperties.Issuer issuer = this.properties.issuer();
		String name = issuer.name();
		if (name == null) {
			this.names.require(issuer.namespace() == null && issuer.annotations().isEmpty(), "issuer.name", null,
					"The namespace or the annotations of an issuer are set: set its name, or remove them");
			return null;
		}
		this.names.require(this.properties.signerName() == null && this.properties.profile() == null, "issuer.name",
				name, "There is '{signer-name}' or '{profile}' as well: remove one of them");
		return new Issuer(new Signer.Issuer(issuer.kind(), name, issuer.group()), issuer.namespace(),
				issuer.annotations());
	}

	private RotationSettings.Request requested(@Nullable Issuer issuer, CertificateTemplate template,
			AddressSourceKind source) {
		if (issuer != null) {
			return requested(issuer.reference(), this.names.of("issuer.name"));
		}
		if (this.properties.signerName() != null) {
			return requested(new Signer.Named(this.properties.signerName()), this.names.of("signer-name"));
		}
		if (this.properties.profile() != null) {
			return requested(this.properties.profile().signer(), this.names.of("profile"));
		}
		String commonName = template.commonName();
		boolean kubelet = source == AddressSourceKind.FIXED && Profile.nodeName(commonName) != null
				&& template.equals(CertificateTemplate.ofSubject(commonName, Profile.NODES));
		return requested(Profile.KUBELET_CLIENT.signer(), kubelet ? "the subject of a kubelet" : null);
	}

	private RotationSettings.Request requested(Signer signer, @Nullable String origin) {
		List<String> usages = this.properties.usages();
		return new RotationSettings.Request(signer, origin,
				this.names.check("usages", usages, () -> usages.stream().map(Usage::of).distinct().toList()),
				this.properties.requestedLifetime(), key());
	}

	private KeySpecification key() {
		KeySpecification.Algorithm algorithm = this.properties.key().algorithm();
		int size = Objects.requireNonNullElse(this.properties.key().size(),
				(algorithm == KeySpecification.Algorithm.RSA) ? RSA_SIZE : KeySpecification.EC_P256.size());
		return this.names.check("key.size", size, () -> new KeySpecification(algorithm, size));
	}

	private Ssl ssl(String name, Request request) {
		SslProperties ssl = this.properties.ssl();
		return new Ssl(Objects.requireNonNullElse(ssl.bundle(), name), trusted(name, request, ssl), ssl.trustOverlap(),
				new PeerRules(ssl.acceptedClients().resolve(this.names), ssl.acceptedServers().resolve(this.names)),
				ssl.drain(), ssl.options().resolve(this.names));
	}

	/** What is set adds to the rest; the default does not. */
	private List<Trusted> trusted(String name, Request request, SslProperties ssl) {
		SslProperties.TrustBundle bundle = ssl.trustBundle();
		String labels = Objects.requireNonNullElse(bundle.labelSelector(), "");
		List<String> kinds = ssl.trust().stream().map((kind) -> kind.name().toLowerCase(Locale.ROOT)).toList();
		this.names.require(!kinds.contains("issuer") || request.issuer() != null, "ssl.trust", "issuer",
				"A signer returns no authority, and certificate '%1$s' has no issuer: set '{issuer.name}', or name the authorities otherwise, such as with '%2$s.ssl.trust-config-map' or '%2$s.ssl.trust'",
				name, this.names.prefix());
		this.names.require(labels.isEmpty() || bundle.signerName() != null, "ssl.trust-bundle.label-selector", labels,
				"It selects among the ClusterTrustBundles of a signer: set '{ssl.trust-bundle.signer-name}' as well");
		List<Trusted> trusted = Stream
			.concat(kinds.stream().distinct().map(SettingsResolver::trusted),
					Stream
						.of(trusted(TrustKind.FILE, "ssl.trust-file", ssl.trustFile(), ""),
								trusted(TrustKind.CONFIG_MAP, "ssl.trust-config-map", ssl.trustConfigMap(), ""),
								trusted(TrustKind.TRUST_BUNDLE, "ssl.trust-bundle.name", bundle.name(), ""),
								trusted(TrustKind.TRUST_BUNDLES_OF_SIGNER, "ssl.trust-bundle.signer-name",
										bundle.signerName(), labels))
						.flatMap(Optional::stream))
			.toList();
		return trusted.isEmpty() ? List.of(trusted("cluster")) : trusted;
	}

	private static Trusted trusted(String kind) {
		return new Trusted(TrustKind.valueOf(kind.toUpperCase(Locale.ROOT)), "ssl.trust", kind, "");
	}

	private static Optional<Trusted> trusted(TrustKind kind, String property, @Nullable Object name, String labels) {
		return Optional.ofNullable(name).map((present) -> new Trusted(kind, property, present.toString(), labels));
	}

}
