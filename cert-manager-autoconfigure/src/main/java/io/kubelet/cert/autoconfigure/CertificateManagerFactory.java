package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.KeyAlgorithm;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.trust.FollowedTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.request.DefaultUsages;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagerBuilder;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.store.ManagedFilesStore;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * Makes a certificate's manager from its properties. A value that cannot be is reported
 * with the property's name and what to do.
 */
final class CertificateManagerFactory {

	/** As the API server validates it: a domain, a slash, a path. */
	private static final Pattern SIGNER_NAME = Pattern.compile(
			"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+/[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?"
					+ "([.:][a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?)*");

	private static final String NODE_PREFIX = "system:node:";

	private static final Duration SHORTEST_LIFETIME = Duration.ofMinutes(10);

	private final RotationScheduler scheduler;

	private final KeyPairSource keys;

	private final Clock clock;

	CertificateManagerFactory(RotationScheduler scheduler, KeyPairSource keys, Clock clock) {
		this.scheduler = scheduler;
		this.keys = keys.refusingWeakKeys();
		this.clock = clock;
	}

	/** In bootstrap mode, the further certificates are requested with the first one. */
	CertificateManagers create(List<CertificateSettings> certificates, SignerSource signers,
			TemplateSuppliers templates) {
		KubernetesConnection connection = (signers instanceof KubernetesConnection kubernetes) ? kubernetes : null;
		boolean bootstrapping = connection != null && connection.isBootstrapping();
		List<CertificateManager> managers = new ArrayList<>();
		for (CertificateSettings certificate : certificates) {
			boolean first = managers.isEmpty();
			SignerSource source = (!first && connection != null) ? connection.asFirst() : signers;
			managers.add(create(certificate, source, first && bootstrapping, templates.find(certificate.name())));
			if (first && connection != null) {
				connection.setFirst(managers.get(0));
				// After its store was read, which puts a good pair in a damaged one's
				// place
				connection.prepare(certificate.certDir().resolve(certificate.name() + "-current.pem"));
			}
		}
		return new CertificateManagers(managers);
	}

	private CertificateManager create(CertificateSettings settings, SignerSource signers, boolean bootstraps,
			@Nullable CertificateTemplateSupplier templates) {
		CertificateProperties properties = settings.properties();
		CertificateStore store = store(settings);
		boolean requests = settings.rotates() || (bootstraps && initialPair(settings) == null);
		if (requests) {
			requireSameNode(settings, store);
		}
		CertificateManagerBuilder builder = new CertificateManagerBuilder(settings.name()).store(store)
			.scheduler(this.scheduler)
			.naming(bootstraps ? RequestNaming.BOOTSTRAP : RequestNaming.BY_KEY)
			.signerName(signerName(settings))
			.check(new IssuedCertificateCheck(authorities(settings)))
			.requestedLifetime(requestedLifetime(settings))
			.key(key(settings))
			.window(settings.check("rotation.earliest", properties.rotation().earliest(),
					() -> new RotationWindow(properties.rotation().earliest(), properties.rotation().latest())))
			.retry(retry(settings))
			.waitTimeout(positive(settings, "rotation.wait-timeout", properties.rotation().waitTimeout()))
			.keys(this.keys)
			.clock(this.clock);
		positive(settings, "startup.timeout", properties.startup().timeout());
		usages(settings, builder);
		if (templates != null) {
			builder.template(templates);
		}
		else if (!settings.template().isEmpty()) {
			builder.template(settings.certificateTemplate());
		}
		else if (requests) {
			throw settings.invalid("template.common-name", null,
					"It is not known what the certificate is to say: set it, other properties under template, a profile, or "
							+ "define a CertificateTemplateSupplier bean. "
							+ (settings.rotates()
									? "If nothing is to be requested, set '%s' to false"
										.formatted(settings.property("rotate-certificates"))
									: "With a bootstrap kubeconfig a first certificate is requested although rotation is off, unless '%s' names one"
										.formatted(settings.property("tls-cert-file"))));
		}
		if (requests) {
			builder.signers(signers);
		}
		if (!settings.rotates()) {
			builder.once();
		}
		return builder.build();
	}

	/**
	 * A node that has another name now would have the certificate of the old one
	 * replaced.
	 */
	private static void requireSameNode(CertificateSettings settings, CertificateStore store) {
		String node = node(settings.template().commonName());
		String stored = store.current().map((pair) -> node(CertificateNames.commonName(pair.leaf()))).orElse(null);
		if (node != null && stored != null && !stored.equals(node)) {
			boolean named = settings.properties().template().commonName() != null;
			throw new InvalidConfigurationPropertyValueException(
					named ? settings.property("template.common-name") : settings.node().property(),
					named ? settings.template().commonName() : node,
					"The certificate in %s is of node '%s': name that node, or move its files away"
						.formatted(settings.certDir(), stored));
		}
	}

	private static @Nullable String node(@Nullable String commonName) {
		return (commonName != null && commonName.startsWith(NODE_PREFIX)) ? commonName.substring(NODE_PREFIX.length())
				: null;
	}

	/** Contract row C28: files that are named, and not rotated, are someone else's. */
	private CertificateStore store(CertificateSettings settings) {
		PairLocation initial = initialPair(settings);
		int retain = retain(settings);
		return (initial != null && !settings.rotates()) ? new ManagedFilesStore(initial)
				: new FileCertificateStore(settings.certDir(), settings.name(), initial, retain, this.clock);
	}

	private static @Nullable PairLocation initialPair(CertificateSettings settings) {
		Path certificate = settings.tlsCertFile();
		Path privateKey = settings.tlsPrivateKeyFile();
		if ((certificate == null) != (privateKey == null)) {
			throw settings.invalid((certificate == null) ? "tls-cert-file" : "tls-private-key-file", null,
					"A certificate and its key are configured together, but this one is missing");
		}
		return (certificate != null && privateKey != null) ? new PairLocation(certificate, privateKey) : null;
	}

	private static int retain(CertificateSettings settings) {
		int retain = settings.properties().store().retain();
		if (retain < 1) {
			throw settings.invalid("store.retain", retain, "At least one old pair is kept");
		}
		return retain;
	}

	private static String signerName(CertificateSettings settings) {
		String signerName = settings.signerName();
		if (!SIGNER_NAME.matcher(signerName).matches()) {
			throw settings.invalid("signer-name", signerName,
					"A signer name is a lower-case domain, a slash and a path, such as kubernetes.io/kubelet-serving");
		}
		if (signerName.equals("kubernetes.io/legacy-unknown")) {
			throw settings.invalid("signer-name", signerName,
					"The API server does not take requests for this signer: name the one that is to sign");
		}
		return signerName;
	}

	/** Those who may sign: one that they no longer name may sign no more. */
	private Supplier<List<X509Certificate>> authorities(CertificateSettings settings) {
		Path file = settings.properties().signerCaFile();
		if (file == null) {
			return List::of;
		}
		FollowedTrust trust = new FollowedTrust(TrustSource.file(file));
		settings.check("signer-ca-file", file, trust::get);
		return () -> trust.get().authorities();
	}

	private static @Nullable Duration requestedLifetime(CertificateSettings settings) {
		Duration lifetime = settings.properties().requestedLifetime();
		if (lifetime != null
				&& (lifetime.compareTo(SHORTEST_LIFETIME) < 0 || lifetime.toSeconds() > Integer.MAX_VALUE)) {
			throw settings.invalid("requested-lifetime", lifetime,
					"The API server takes lifetimes from 10 minutes to 68 years");
		}
		return lifetime;
	}

	private static KeySpecification key(CertificateSettings settings) {
		CertificateProperties.Key key = settings.properties().key();
		int size = (key.size() != null) ? key.size() : (key.algorithm() == KeyAlgorithm.RSA) ? 2048 : 256;
		return settings.check("key.size", size, () -> new KeySpecification(key.algorithm(), size));
	}

	private static RetrySchedule retry(CertificateSettings settings) {
		CertificateProperties.Retry retry = settings.properties().rotation().retry();
		return settings.check("rotation.retry", retry, () -> new RetrySchedule(retry.initialDelay(), retry.multiplier(),
				retry.jitter(), retry.attempts(), retry.interval()));
	}

	private static Duration positive(CertificateSettings settings, String property, Duration duration) {
		if (duration.isNegative() || duration.isZero()) {
			throw settings.invalid(property, duration, "It must be longer than nothing, such as 60s");
		}
		return duration;
	}

	private static void usages(CertificateSettings settings, CertificateManagerBuilder builder) {
		List<String> usages = settings.properties().usages();
		if (usages.isEmpty()) {
			String signerName = settings.signerName();
			Function<PublicKey, List<Usage>> byKey = (key) -> DefaultUsages.of(signerName, key);
			builder.usages(byKey);
			return;
		}
		builder.usages(settings.check("usages", usages, () -> usages.stream().map(Usage::of).distinct().toList()));
	}

}
