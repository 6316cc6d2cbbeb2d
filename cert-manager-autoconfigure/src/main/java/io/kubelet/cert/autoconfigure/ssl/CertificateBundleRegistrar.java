package io.kubelet.cert.autoconfigure.ssl;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.kubelet.cert.autoconfigure.ServerCertificates;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.export.Exports;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.ExpiredConnections;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.RegisteredBundle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;

/**
 * Registers an SSL bundle for each certificate. If the application waits for its first
 * certificate, this is where it waits.
 */
final class CertificateBundleRegistrar implements SslBundleRegistrar, DisposableBean {

	private static final Logger logger = LoggerFactory.getLogger(CertificateBundleRegistrar.class);

	/** How many authorities are named in the log. */
	private static final int NAMED = 3;

	private final CertificateSettingsList settings;

	private final CertificateManagers managers;

	private final TrustedAuthorities trusted;

	private final RotationScheduler scheduler;

	private final FileChanges files;

	private final CheckedPeers checkedPeers;

	private final Exports exports;

	private final List<Runnable> ends = new ArrayList<>();

	/** Bundles do not keep their followers. */
	private final List<CertificateManager.Follower> followers = new ArrayList<>();

	CertificateBundleRegistrar(CertificateSettingsList settings, CertificateManagers managers,
			TrustedAuthorities trusted, RotationScheduler scheduler, FileChanges files, CheckedPeers checkedPeers,
			Exports exports) {
		this.settings = settings;
		this.managers = managers;
		this.trusted = trusted;
		this.scheduler = scheduler;
		this.files = files;
		this.checkedPeers = checkedPeers;
		this.exports = exports;
	}

	@Override
	public void registerBundles(SslBundleRegistry registry) {
		this.managers.forEach((manager) -> this.ends.add(this.settings.find(manager.name())
			.map((certificate) -> register(registry, certificate, manager))
			.orElseGet(() -> RegisteredBundle.register(registry, manager.name(), manager,
					this.trusted.withoutSettings(manager.name()), peers(PeerRules.NONE, manager.name()), this.scheduler,
					this.files, Duration.ofSeconds(CertificateSettings.Ssl.DRAIN_SECONDS), SslOptions.NONE,
					(identity) -> {
					}))));
		if (registry instanceof SslBundles bundles) {
			bundles.getBundleNames()
				.stream()
				.map((name) -> LiveSslBundle.of(bundles.getBundle(name)))
				.filter(Objects::nonNull)
				.forEach(this::follow);
		}
	}

	private void follow(LiveSslBundle bundle) {
		ExpiredConnections expired = new ExpiredConnections(bundle, this.trusted::now);
		bundle.addFollower(expired);
		this.followers.add(expired);
	}

	private Runnable register(SslBundleRegistry registry, CertificateSettings certificate, CertificateManager manager) {
		String bundleName = certificate.ssl().bundle();
		certificate.properties()
			.require(!(registry instanceof SslBundles bundles && bundles.getBundleNames().contains(bundleName)),
					"ssl.bundle", bundleName, "There is an SSL bundle of this name already: rename one of them");
		this.checkedPeers.require(certificate);
		Supplier<Trust> trust = this.trusted.of(certificate);
		ServerCertificates servers = new ServerCertificates(this.settings);
		servers.replaceStored(certificate, manager);
		if (certificate.startup().waits()) {
			FirstCertificate.await(manager, certificate,
					() -> this.trusted.isMissing(certificate) ? "with the authority of its issuer"
							: servers.isReplaceable(certificate, manager.status()) ? "of a server" : null);
			servers.require(certificate, manager.status());
		}
		report(certificate, manager.status().pair(), trust.get());
		reportAccepted(certificate);
		return RegisteredBundle.register(registry, bundleName, manager, trust,
				peers(certificate.ssl().peers(), bundleName), this.scheduler, this.files, certificate.ssl().drain(),
				certificate.ssl().options(), (identity) -> this.exports.find(manager.name())
					.ifPresent((files) -> files.export(identity.pair(), identity.trust())));
	}

	private Peers peers(PeerRules rules, String bundleName) {
		return new Peers(rules, "the SSL bundle '" + bundleName + "'",
				(task) -> this.scheduler.schedule(task, Duration.ofHours(1)), this.trusted::now);
	}

	@Override
	public void destroy() {
		this.ends.forEach(Runnable::run);
	}

	/**
	 * Reports whom a bundle trusts. Otherwise the first hint is a failed handshake. A
	 * bundle that trusts no authority has been reported already.
	 */
	private void report(CertificateSettings certificate, @Nullable CertificatePair pair, Trust trust) {
		List<X509Certificate> authorities = trust.authorities();
		if (!authorities.isEmpty()) {
			logger.info("[{}] Certificate authorities that the SSL bundle '{}' trusts: {} ({}{}), from {}",
					certificate.name(), certificate.ssl().bundle(), authorities.size(),
					authorities.stream()
						.limit(NAMED)
						.map((authority) -> "'" + ExternalText.subject(authority) + "'")
						.collect(Collectors.joining(", ")),
					(authorities.size() > NAMED) ? ", ..." : "", properties(certificate));
			if (!trust.jdk() && pair != null
					&& !IssuedCertificateCheck.leadsToAny(pair, authorities, this.trusted.now())) {
				warn(certificate, pair,
						IssuedCertificateCheck.outdated(pair, authorities, this.trusted.now()).orElse(null));
			}
		}
	}

	private static void reportAccepted(CertificateSettings certificate) {
		for (PeerRole role : PeerRole.values()) {
			AcceptedPeers accepted = certificate.ssl().peers().of(role);
			if (accepted.isRestricted()) {
				logger.info("[{}] {} that the SSL bundle '{}' accepts: {}, from {}", certificate.name(),
						(role == PeerRole.CLIENT) ? "Clients" : "Servers", certificate.ssl().bundle(), accepted,
						certificate.properties().of(role.property()));
			}
		}
	}

	private static String properties(CertificateSettings certificate) {
		return certificate.ssl()
			.trusted()
			.stream()
			.map((place) -> certificate.properties().of(place.property()))
			.distinct()
			.collect(Collectors.joining(", "));
	}

	/** The JDK accepts the certificates of an authority that has expired. */
	private static void warn(CertificateSettings certificate, CertificatePair pair, @Nullable String outdated) {
		PropertyNames properties = certificate.properties();
		if (outdated != null) {
			logger.warn(
					"[{}] In '{}', {}. Most peers refuse the certificates of such an authority: replace it, or "
							+ "correct the clock of this machine",
					certificate.name(), properties(certificate), outdated);
			return;
		}
		boolean issued = certificate.request().issuer() != null;
		logger.warn(
				"[{}] The certificate does not lead to an authority that the SSL bundle '{}' trusts, so "
						+ "peers with certificates of the same signer ('{}') are refused. If that is not intended, {}",
				certificate.name(), certificate.ssl().bundle(), ExternalText.issuer(pair.leaf()),
				(!issued ? "set '%s' to the authorities of the signer"
						: (certificate.ssl().trusted().size() > 1) ? "add 'issuer' to '%s'" : "set '%s' to 'issuer'")
					.formatted(properties.of(issued ? "ssl.trust" : "ssl.trust-file")));
	}

}
