package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import org.jspecify.annotations.Nullable;

/**
 * What must hold for the certificate of a process at any time.
 */
final class Invariants {

	/** What the server, the network and the approver need when all is well, and more. */
	private static final Duration SLACK = Duration.ofMinutes(2);

	private static final Duration SMALL_ERROR = Duration.ofMinutes(4);

	/**
	 * A denial that was not seen yet, and the longest wait after it and after another.
	 */
	private static final Duration AFTER_ANSWERS = Duration.ofMinutes(2 * 66);

	private final World world;

	private final SimulatedServer server;

	private final FilesProcess process;

	private final History history;

	private Duration quietSince = Duration.ZERO;

	private Duration wellSince = Duration.ZERO;

	private boolean wasWell;

	private @Nullable CertificateManager life;

	private @Nullable CertificatePair seen;

	Invariants(World world, SimulatedServer server, FilesProcess process, History history) {
		this.world = world;
		this.server = server;
		this.process = process;
		this.history = history;
	}

	/** Something has happened. */
	void disturbed() {
		this.quietSince = this.world.elapsed();
		this.wasWell = false;
	}

	void check() {
		CertificateManager manager = this.process.manager();
		if (manager != this.life) {
			this.life = manager;
			disturbed();
		}
		boolean well = manager != null && isWell();
		if (well && !this.wasWell) {
			this.wellSince = this.world.elapsed();
		}
		this.wasWell = well;
		if (manager == null) {
			return;
		}
		Instant now = this.world.time().instant();
		CertificatePair pair = manager.current().orElse(null);
		if (pair != null) {
			checkServed(pair, now);
		}
		if (hasPassed(this.quietSince, this.history.idleCheck().plus(SLACK))) {
			checkDeadline(manager.status(), now);
			this.world.require(this.process.waitsForNothingOld(), "the answer for an old template is waited for");
		}
		if (well && hasPassed(this.wellSince, patience())) {
			checkRotated(pair, manager.status().pair(), now);
		}
	}

	private void checkServed(CertificatePair pair, Instant now) {
		if (pair != this.seen) {
			this.seen = pair;
			this.world.require(KeyPool.belongTogether(pair.leaf().getPublicKey(), pair.privateKey()),
					"key and certificate do not match");
		}
		this.world.require(isValid(pair, now), "a certificate that is not valid is served");
	}

	/** Whether a pair is valid, without the engine's help. */
	static boolean isValid(CertificatePair pair, Instant now) {
		return isValid(pair.leaf(), now);
	}

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
		boolean does = pair != null && !this.process.isForced() && isValid(pair, now)
				&& (this.process.template().isEmpty() || this.process.wanted().isSatisfiedBy(pair.leaf()));
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
		boolean slow = this.server.approver().mood() == Approver.Mood.SLOW;
		this.world.require((slow ? last : current) != null,
				"there is no valid certificate though all has been well since %s", this.wellSince);
		if (last != null) {
			this.world.require(this.process.wanted().isSatisfiedBy(last.leaf()),
					"the certificate is not as it should be");
			this.world.require(now.isBefore(fraction(last.leaf(), 0.9).plus(patience())),
					"the certificate should have been rotated long ago");
		}
	}

	private boolean isWell() {
		Approver.Mood approver = this.server.approver().mood();
		return this.server.mood() == SimulatedServer.Mood.WELL
				&& (approver == Approver.Mood.WELL || approver == Approver.Mood.SLOW) && this.process.diskIsWell()
				&& this.process.template().isPresent() && this.world.error().abs().compareTo(SMALL_ERROR) < 0;
	}

	private Duration patience() {
		Duration glitch = this.process.retryInterval().multipliedBy(2);
		Duration retryAfter = SimulatedServer.RETRY_AFTER.multipliedBy(11).dividedBy(10);
		Duration retry = (glitch.compareTo(retryAfter) > 0) ? glitch : retryAfter;
		return FilesProcess.WAIT_TIMEOUT.plus(Approver.SLOW)
			.plus(this.history.idleCheck())
			.plus(retry)
			.plus(this.process.wasAnsweredAgainstLately() ? AFTER_ANSWERS : Duration.ZERO)
			.plus(SLACK);
	}

	private boolean hasPassed(Duration since, Duration time) {
		return this.world.elapsed().minus(since).compareTo(time) > 0;
	}

}
