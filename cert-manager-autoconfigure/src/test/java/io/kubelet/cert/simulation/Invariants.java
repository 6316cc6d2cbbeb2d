package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * What must hold for the certificate of a process at any time.
 */
final class Invariants {

	/**
	 * What the server, the network, the approver and the next check need when all is
	 * well, and more.
	 */
	private static final Duration SLACK = Duration.ofMinutes(3);

	private static final Duration SMALL_ERROR = Duration.ofMinutes(4);

	/**
	 * A denial that was not seen yet, and the longest wait after it and after another.
	 */
	private static final Duration AFTER_REFUSALS = Duration.ofMinutes(2 * 66);

	private final World world;

	private final FilesProcess process;

	private Instant quietSince = Instant.EPOCH;

	Invariants(FilesProcess process) {
		this.world = process.world;
		this.process = process;
	}

	/** Something has happened. */
	void disturbed() {
		this.quietSince = this.world.time.monotonic();
	}

	void check() {
		CertificateManager manager = this.process.manager;
		if (manager == null) {
			return;
		}
		Instant now = this.world.time.instant();
		CertificatePair pair = manager.current().orElse(null);
		if (pair != null) {
			checkServed(pair, now);
		}
		if (isQuietFor(SLACK)) {
			checkDeadline(manager.status(), now);
			this.world.require(this.process.waitsForNothingOld(), "the answer for an old template is waited for");
		}
		if (isWell() && isQuietFor(patience())) {
			checkRotated(pair, manager.status().pair(), now);
		}
	}

	private void checkServed(CertificatePair pair, Instant now) {
		this.world.require(
				((RSAKey) pair.leaf().getPublicKey()).getModulus().equals(((RSAKey) pair.privateKey()).getModulus()),
				"key and certificate do not match");
		this.world.require(isValid(pair.leaf(), now), "a certificate that is not valid is served");
	}

	/** Whether a certificate is valid, without the engine's help. */
	static boolean isValid(X509Certificate leaf, Instant now) {
		return !now.isAfter(leaf.getNotAfter().toInstant())
				&& !leaf.getNotBefore().toInstant().isAfter(now.plus(Duration.ofMinutes(5)));
	}

	/** When a part of the lifetime has passed. */
	static Instant fraction(X509Certificate leaf, double fraction) {
		Instant notBefore = leaf.getNotBefore().toInstant();
		long lifetime = Duration.between(notBefore, leaf.getNotAfter().toInstant()).toMillis();
		return notBefore.plusMillis((long) (lifetime * fraction));
	}

	/** Within the window of a pair that does, and now if there is none. */
	private void checkDeadline(CertificateStatus status, Instant now) {
		CertificatePair pair = status.pair();
		Instant deadline = status.schedule().deadline();
		boolean does = pair != null && !this.process.forced && isValid(pair.leaf(), now)
				&& (this.process.get().isEmpty() || this.process.wanted().isSatisfiedBy(pair.leaf()));
		if (pair == null || deadline == null || !does) {
			this.world.require(deadline != null && !deadline.isAfter(now), "the deadline %s is to come", deadline);
			return;
		}
		X509Certificate leaf = pair.leaf();
		this.world.require(
				!deadline.isBefore(fraction(leaf, 0.7).minusMillis(1))
						&& deadline.isBefore(fraction(leaf, 0.9).plusMillis(1)),
				"the deadline %s is not within 70 to 90 %% of the lifetime", deadline);
	}

	/**
	 * The server could have given a new one for the longest wait that is allowed. Only an
	 * approver that takes its time may let the old one expire meanwhile.
	 */
	private void checkRotated(@Nullable CertificatePair current, @Nullable CertificatePair last, Instant now) {
		boolean slow = this.process.server.approver.mood == Approver.Mood.SLOW;
		this.world.require((slow ? last : current) != null,
				"there is no valid certificate though all has been well for %s", patience());
		if (last != null) {
			this.world.require(this.process.wanted().isSatisfiedBy(last.leaf()),
					"the certificate is not as it should be");
			this.world.require(now.isBefore(fraction(last.leaf(), 0.9).plus(patience())),
					"the certificate should have been rotated long ago");
		}
	}

	boolean isWell() {
		SimulatedServer server = this.process.server;
		return server.mood == SimulatedServer.Mood.WELL
				&& (server.approver.mood == Approver.Mood.WELL || server.approver.mood == Approver.Mood.SLOW)
				&& !this.process.store.readFails && !this.process.store.writeFails && this.process.get().isPresent()
				&& this.world.error.abs().compareTo(SMALL_ERROR) < 0;
	}

	/** How long a rotation may take, after anything that may have happened before. */
	private Duration patience() {
		return Schedule.KUBELET.waitTimeout()
			.plus(Approver.SLOW)
			.plus(SimulatedServer.RETRY_AFTER)
			.plus(AFTER_REFUSALS)
			.plus(SLACK);
	}

	private boolean isQuietFor(Duration time) {
		return this.quietSince.plus(time).isBefore(this.world.time.monotonic());
	}

}
