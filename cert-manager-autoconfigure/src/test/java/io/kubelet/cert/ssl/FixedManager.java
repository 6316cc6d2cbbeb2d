package io.kubelet.cert.ssl;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.internal.FileWatcher;
import io.kubelet.cert.testsupport.TestAuthority;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslOptions;

/**
 * A manager that rotates at once, on the caller's thread.
 */
public final class FixedManager implements CertificateManager {

	final List<CertificateManager.Follower> followers = new ArrayList<>();

	private final TestAuthority authority;

	private volatile CertificatePair pair;

	public FixedManager(TestAuthority authority) {
		this.authority = authority;
		this.pair = authority.pair("test", "localhost");
	}

	public CertificatePair pair() {
		return this.pair;
	}

	/** Replaces the pair before any follower is called. */
	public void replace() {
		use(this.authority.pair("test", "localhost"));
	}

	/** Has another pair, without a call of the followers. */
	public void use(CertificatePair pair) {
		this.pair = pair;
	}

	/** Replaces the pair by one that expires, and calls the followers. */
	public void rotateUntil(Instant notAfter) {
		this.pair = this.authority.pair(CertificateTemplate.ofSubject("test"), notAfter.minus(Duration.ofHours(1)),
				notAfter);
		this.followers.forEach((follower) -> follower.updated("test"));
	}

	/** Registers an SSL bundle named {@code bundle}. */
	public DefaultSslBundleRegistry register(Supplier<Trust> trust, RotationScheduler scheduler) {
		DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();
		RegisteredBundle.register(registry, "bundle", this, trust, peers(), scheduler, new FileWatcher(scheduler),
				Duration.ofSeconds(30), SslOptions.NONE, (identity) -> {
				});
		return registry;
	}

	/** Those of a bundle without rules. */
	static Peers peers() {
		return new Peers(PeerRules.NONE, "the SSL bundle 'bundle'", (task) -> {
		}, InstantSource.system());
	}

	@Override
	public String name() {
		return "test";
	}

	@Override
	public void start() {
	}

	@Override
	public void stop() {
	}

	@Override
	public Optional<CertificatePair> current() {
		return Optional.of(this.pair);
	}

	@Override
	public CertificateStatus status() {
		return new CertificateStatus("test", CertificateStatus.State.VALID, this.pair,
				new CertificateStatus.Requested(null, "example.com/test", List.of(), null),
				new CertificateStatus.Schedule(null, null), null,
				new CertificateStatus.Rotations(0, Duration.ZERO, null, Map.of(), null, List.of()), null,
				new CertificateStatus.Health(true, false, null, null, null));
	}

	@Override
	public CompletableFuture<CertificatePair> rotate() {
		replace();
		this.followers.forEach((follower) -> follower.updated("test"));
		return CompletableFuture.completedFuture(this.pair);
	}

	@Override
	public void addListener(RotationListener listener) {
	}

	@Override
	public void addFollower(CertificateManager.Follower follower) {
		this.followers.add(follower);
	}

}
