package io.kubelet.cert.autoconfigure.ssl;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.KubernetesConnection;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Resolves which certificate authorities the SSL bundle of a certificate trusts. Those of
 * the JDK are trusted only if a property says so.
 */
final class TrustedAuthorities {

	private static final Logger logger = LoggerFactory.getLogger(TrustedAuthorities.class);

	private static final String NO_AUTHORITY = "The issuer of certificate '%s' returned no authority with it, as issuers "
			+ "that use ACME do, or the pair in %s was not obtained from an issuer: move its files away in that case. %s";

	private static final String NO_AUTHORITY_IN_SECRET = "There is no authority in %2$s: the issuer of certificate '%1$s' "
			+ "returned none, as issuers that use ACME do, or none that 'signer-ca-file' covers (a root is not covered by an "
			+ "authority below it: add the root), or rotation is off. %3$s";

	private final KubernetesConnection connection;

	private final CertificateManagers managers;

	private final Clock clock;

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

	Supplier<Trust> of(CertificateSettings certificate) {
		Trusted trusted = certificate.ssl().trusted();
		return switch (trusted.kind()) {
			case FILE -> inFile(Path.of(trusted.name()), certificate);
			case CONFIG_MAP, TRUST_BUNDLE, TRUST_BUNDLES_OF_SIGNER -> live(this.connection.authoritiesIn(trusted,
					certificate.startup().waits() ? certificate.startup().timeout() : Duration.ZERO, this.managers),
					certificate, unread(certificate));
			case CLUSTER -> ofCluster(certificate);
			case ISSUER -> live(ofIssuer(certificate), certificate, unread(certificate));
			case SYSTEM -> Trust::system;
		};
	}

	private LiveTrust live(LiveTrust.Source source, CertificateSettings certificate,
			Function<RuntimeException, Trust> unread) {
		return new LiveTrust("[%s] ".formatted(certificate.name()), source, certificate.ssl().trustOverlap(),
				this.clock, unread);
	}

	/**
	 * Reports the property if the first reading fails. Later the configuration is right,
	 * and what it names has been deleted.
	 */
	private static Function<RuntimeException, Trust> mistake(CertificateSettings certificate, String value) {
		return (problem) -> certificate.properties().check(certificate.ssl().trusted().property(), value, () -> {
			throw problem;
		});
	}

	/** Without a wait at startup, no authority is trusted until the source is read. */
	private static Function<RuntimeException, Trust> unread(CertificateSettings certificate) {
		return certificate.startup().waits() ? mistake(certificate, certificate.ssl().trusted().name()) : (problem) -> {
			// The first answer of the API server may take a moment, which needs no
			// warning
			logger.atLevel((Kind.of(problem) == Kind.UNAVAILABLE) ? Level.INFO : Level.WARN)
				.log("[{}] The SSL bundle '{}' trusts nobody for now: {}", certificate.name(),
						certificate.ssl().bundle(), problem.getMessage());
			return Trust.exactly(List.of());
		};
	}

	private LiveTrust inFile(Path file, CertificateSettings certificate) {
		LiveTrust trust = live(LiveTrust.Source.file(file), certificate, mistake(certificate, file.toString()));
		trust.get();
		return trust;
	}

	/**
	 * The stored pair contains the authorities, so no API server is needed for them. They
	 * remain when it expires.
	 */
	private LiveTrust.Source ofIssuer(CertificateSettings certificate) {
		CertificateManager manager = this.managers.get(certificate.name());
		Supplier<Optional<CertificatePair>> pair = () -> Optional.ofNullable(manager.status().pair());
		return new LiveTrust.Source(() -> "the certificate '" + certificate.name() + "'",
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

	private Supplier<Trust> ofCluster(CertificateSettings certificate) {
		LiveTrust.Source source = this.connection.kubeconfig().authorities().orElse(null);
		if (source == null) {
			return nobody(certificate, "No API server is configured");
		}
		return live(new LiveTrust.Source(source.origin(), source.version(), () -> {
			Trust trust = source.trust().get();
			return trust.authorities().isEmpty()
					? nobody(certificate, source.origin().get() + " contains no certificate authority").get() : trust;
		}), certificate, mistake(certificate, "cluster"));
	}

	/**
	 * Returns the trust of a bundle whose manager is a bean of the application that no
	 * property describes.
	 */
	Supplier<Trust> undescribed(String name) {
		return nobody(name, name, "kubelet.cert.additional." + name,
				"The application's own CertificateManagers bean provides no certificate authority");
	}

	private static Supplier<Trust> nobody(CertificateSettings certificate, String reason) {
		return nobody(certificate.name(), certificate.ssl().bundle(), certificate.properties().prefix(), reason);
	}

	private static Supplier<Trust> nobody(String name, String bundle, String prefix, String reason) {
		logger.warn("[{}] {}, so the SSL bundle '{}' trusts nobody: every peer certificate is rejected. {}", name,
				reason, bundle, alternatives(prefix));
		return () -> Trust.exactly(List.of());
	}

	private static String alternatives(String prefix) {
		return ("To trust other authorities than the cluster's, set '%1$s.ssl.trust-file' to a PEM file that contains them, "
				+ "or set '%1$s.ssl.trust' to 'system' for those of the JDK")
			.formatted(prefix);
	}

}
