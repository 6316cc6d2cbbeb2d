package io.kubelet.cert.autoconfigure.ssl;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.KubernetesConnection;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.TrustKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveSource;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Resolves which certificate authorities the SSL bundle of a certificate trusts. Those of
 * the JDK are trusted only if a property says so.
 */
public final class TrustedAuthorities {

	private static final Logger logger = LoggerFactory.getLogger(TrustedAuthorities.class);

	private static final String NO_AUTHORITY = "The issuer of certificate '%s' returned no authority with it, as issuers "
			+ "that use ACME do, or the pair in %s was not obtained from an issuer: move its files away in that case. %s";

	private static final String NO_AUTHORITY_IN_SECRET = "There is no authority in %2$s: the issuer of certificate '%1$s' "
			+ "returned none, as issuers that use ACME do, or none that 'signer-ca-file' covers (a root is not covered by an "
			+ "authority below it: add the root), or rotation is off. %3$s";

	private final KubernetesConnection connection;

	private final CertificateManagers managers;

	private final Clock clock;

	/** What is trusted, by the name of the certificate. */
	private final Map<String, LiveTrust> trusts = new ConcurrentHashMap<>();

	TrustedAuthorities(KubernetesConnection connection, CertificateManagers managers, Clock clock) {
		this.connection = connection;
		this.managers = managers;
		this.clock = clock;
	}

	Instant now() {
		return this.clock.instant();
	}

	/** Whether a rotation has to bring the authority that is to be trusted. */
	boolean isMissing(CertificateSettings certificate) {
		return this.connection.lacksAuthority(certificate.name());
	}

	/** A file that cannot be read is reported before the wait for a certificate. */
	LiveTrust of(CertificateSettings certificate) {
		List<LiveSource> sources = certificate.ssl()
			.trusted()
			.stream()
			.map((place) -> new LiveSource(prefix(certificate), certificate.properties().of(place.property()),
					source(place, certificate), (problem) -> untilRead(place, certificate, problem)))
			.toList();
		for (int i = 0; i < sources.size(); i++) {
			if (certificate.ssl().trusted().get(i).kind() == TrustKind.FILE) {
				sources.get(i).read();
			}
		}
		LiveTrust trust = new LiveTrust(prefix(certificate), sources, certificate.ssl().trustOverlap(), this.clock);
		this.trusts.put(certificate.name(), trust);
		return trust;
	}

	/**
	 * Returns what the SSL bundle of a certificate trusts.
	 * @param name the name of the certificate
	 * @return the trust, {@code null} if no property describes it
	 */
	public @Nullable LiveTrust find(String name) {
		return this.trusts.get(name);
	}

	private TrustSource source(Trusted place, CertificateSettings certificate) {
		return switch (place.kind()) {
			case FILE -> TrustSource.file(Path.of(place.name()));
			case CONFIG_MAP, TRUST_BUNDLE, TRUST_BUNDLES_OF_SIGNER -> this.connection.authoritiesIn(place,
					certificate.startup().waits() ? certificate.startup().timeout() : Duration.ZERO, this.managers);
			case CLUSTER -> ofCluster(certificate);
			case ISSUER -> ofIssuer(certificate);
			case SYSTEM -> TrustSource.fixed("the JDK", Trust.system());
		};
	}

	private static String prefix(CertificateSettings certificate) {
		return "[%s] ".formatted(certificate.name());
	}

	/**
	 * Reports the property if the first reading fails. Later the configuration is right,
	 * and what it names has been deleted. Without a wait at startup, only a file or a
	 * kubeconfig has to be there: no authority of another source is trusted until it is
	 * read.
	 */
	private static Trust untilRead(Trusted place, CertificateSettings certificate, RuntimeException problem) {
		if (certificate.startup().waits() || place.kind() == TrustKind.FILE || place.kind() == TrustKind.CLUSTER) {
			return certificate.properties().check(place.property(), place.name(), () -> {
				throw problem;
			});
		}
		// The first response of the API server may take a while, which needs no warning
		logger.atLevel((Kind.of(problem) == Kind.UNAVAILABLE) ? Level.INFO : Level.WARN)
			.log("[{}] The SSL bundle '{}' trusts {} for now: {}", certificate.name(), certificate.ssl().bundle(),
					isOnly(certificate) ? "nobody"
							: "no authority of '" + certificate.properties().of(place.property()) + "'",
					problem.getMessage());
		return Trust.exactly(List.of());
	}

	private static boolean isOnly(CertificateSettings certificate) {
		return certificate.ssl().trusted().size() == 1;
	}

	/**
	 * The stored pair contains the authorities, so no API server is needed for them. They
	 * remain when it expires.
	 */
	private TrustSource ofIssuer(CertificateSettings certificate) {
		CertificateManager manager = this.managers.get(certificate.name());
		Supplier<Optional<CertificatePair>> pair = () -> Optional.ofNullable(manager.status().pair());
		return new TrustSource(() -> "the certificate '" + certificate.name() + "'",
				() -> pair.get().map(CertificatePair::authorities).orElse(List.of()), () -> {
					List<X509Certificate> authorities = pair.get()
						.orElseThrow(() -> new IllegalStateException(
								"There is no certificate yet, whose authority is to be trusted"))
						.authorities();
					SharedSecret secret = certificate.storage().secret();
					certificate.properties()
						.require(!authorities.isEmpty(), "ssl.trust", "issuer",
								(secret != null) ? NO_AUTHORITY_IN_SECRET : NO_AUTHORITY, certificate.name(),
								(secret != null) ? secret : certificate.storage().certDir(),
								alternatives(certificate.properties().prefix()));
					return Trust.exactly(authorities);
				}, () -> this.connection.replacedAuthorities(certificate.name()), (listener) -> {
					// A bundle follows its certificate anyway
				});
	}

	private TrustSource ofCluster(CertificateSettings certificate) {
		TrustSource source = this.connection.kubeconfig().authorities().orElse(null);
		if (source == null) {
			return TrustSource.fixed("no cluster", none(certificate, "No API server is configured"));
		}
		return new TrustSource(source.origin(), source.version(), () -> {
			Trust trust = source.trust().get();
			return trust.authorities().isEmpty()
					? none(certificate, source.origin().get() + " contains no certificate authority") : trust;
		}, source.files());
	}

	/**
	 * Returns the trust of a bundle whose manager is a bean of the application that no
	 * property describes.
	 */
	Supplier<Trust> withoutSettings(String name) {
		Trust none = none(name, "trusts nobody: every peer certificate is rejected", name,
				"kubelet.cert.additional." + name,
				"The application's own CertificateManagers bean provides no certificate authority");
		return () -> none;
	}

	private static Trust none(CertificateSettings certificate, String reason) {
		return none(certificate.name(),
				isOnly(certificate) ? "trusts nobody: every peer certificate is rejected"
						: "trusts those of its other sources only",
				certificate.ssl().bundle(), certificate.properties().prefix(), reason);
	}

	private static Trust none(String name, String result, String bundle, String prefix, String reason) {
		logger.warn("[{}] {}, so the SSL bundle '{}' {}. {}", name, reason, bundle, result, alternatives(prefix));
		return Trust.exactly(List.of());
	}

	private static String alternatives(String prefix) {
		return ("To trust other authorities than the cluster's, set '%1$s.ssl.trust-file' to a PEM file that contains them, "
				+ "or set '%1$s.ssl.trust' to 'system' for those of the JDK")
			.formatted(prefix);
	}

}
