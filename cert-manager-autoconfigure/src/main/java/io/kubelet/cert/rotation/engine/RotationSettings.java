package io.kubelet.cert.rotation.engine;

import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one certificate.
 *
 * @param name the certificate's name
 * @param request what is requested
 * @param schedule when it is requested
 * @param naming how the objects of the requests are named
 * @param check how an issued certificate is checked
 * @param store where the pair and the pending request are stored
 * @param signers provides the signer, {@code null} if nothing is requested
 * @param resources what the certificates of an application share
 */
public record RotationSettings(String name, Request request, Schedule schedule, RequestNaming naming,
		IssuedCertificateCheck check, CertificateStore store, @Nullable SignerSource signers,
		SharedResources resources) {

	/** A change of the wall clock is noticed after this time. */
	private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);

	/** Pairs that another program manages are compared at this interval. */
	private static final Duration STORE_WATCH = Duration.ofSeconds(10);

	/** Replicas with the same deadline do not all begin at the same moment. */
	private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

	/** The longest delay of short lifetimes, as a part of them. */
	private static final int PARTS = 100;

	Clock clock() {
		return this.resources.clock();
	}

	/** Whether rotation is off: nothing is requested. */
	boolean off() {
		return this.signers == null;
	}

	/** Whether a valid certificate is not rotated, unless a caller requests it. */
	boolean keepsValidPair() {
		return this.schedule.onlyIfInvalid() || off();
	}

	/** The longest time between two checks. */
	Duration idleCheck() {
		return off() ? STORE_WATCH : LONGEST_SLEEP;
	}

	/**
	 * Returns when the rotation of a pair is due.
	 * @param shared the deadline of all replicas, {@code null} if there is none
	 * @return an instant in its lifetime, not after the end of the window
	 */
	Instant deadline(CertificatePair pair, @Nullable Instant shared) {
		double random = this.resources.random().getAsDouble();
		if (shared == null || !shared.isAfter(pair.notBefore()) || !shared.isBefore(pair.notAfter())) {
			return this.schedule.window().deadline(pair, random);
		}
		Duration longest = Collections.min(List.of(LONGEST_DELAY, pair.lifetime().dividedBy(PARTS)));
		Instant delayed = shared.plusMillis((long) (longest.toMillis() * random));
		return Collections.min(List.of(delayed, this.schedule.window().end(pair)));
	}

	/**
	 * Returns when a pair becomes overdue.
	 * @param replaced the largest fraction of its lifetime that was over when another
	 * program replaced a pair, 0 if none did
	 * @return the end of the window or, if another program replaces pairs late, when it
	 * is about to expire and, relative to its lifetime, all earlier ones had been
	 * replaced
	 */
	Instant overdueAt(CertificatePair pair, double replaced) {
		if (!off() || this.schedule.overdueAtLatest()) {
			return this.schedule.window().end(pair);
		}
		Instant asBefore = RotationWindow.at(pair, replaced).plus(STORE_WATCH);
		return Collections
			.max(List.of(RotationWindow.lastMoments(pair), Collections.min(List.of(asBefore, pair.notAfter()))));
	}

	/**
	 * What is requested, besides the template.
	 *
	 * @param signerName the signer
	 * @param signerOrigin where the name is from, for the log, such as a property;
	 * {@code null} to leave it out
	 * @param usages the usages, empty for those that follow from signer, template and key
	 * @param lifetime the lifetime, {@code null} to leave it to the signer
	 * @param key the kind of key
	 */
	public record Request(String signerName, @Nullable String signerOrigin, List<Usage> usages,
			@Nullable Duration lifetime, KeySpecification key) {

		/**
		 * Returns the defaults for a signer: its usual usages and lifetime, and an EC
		 * P-256 key.
		 * @param signerName the signer
		 * @return the defaults
		 */
		public static Request of(String signerName) {
			return new Request(signerName, null, List.of(), null, KeySpecification.EC_P256);
		}

		List<Usage> usages(CertificateTemplate template, PublicKey publicKey) {
			return this.usages.isEmpty() ? Usage.defaults(this.signerName, template, publicKey) : this.usages;
		}

	}

	/**
	 * When a certificate is requested.
	 *
	 * @param onlyIfInvalid whether a certificate is requested only if there is no valid
	 * one, or by a caller, as a kubelet bootstraps with rotation off
	 * @param required whether the application does not start without the certificate
	 * @param window the part of the lifetime in which the rotation deadline falls
	 * @param overdueAtLatest whether a pair that another program manages is overdue at
	 * the end of the window, rather than shortly before it expires
	 * @param waitTimeout how long to wait for approval and signature
	 * @param forcedInterval the shortest time between two rotations that are requested
	 * with {@link io.kubelet.cert.rotation.CertificateManager#rotate()}
	 * @param retry how long to wait after a failure
	 */
	public record Schedule(boolean onlyIfInvalid, boolean required, RotationWindow window, boolean overdueAtLatest,
			Duration waitTimeout, Duration forcedInterval, RetrySchedule retry) {

		/** The default wait for an answer. */
		public static final int WAIT_MINUTES = 15;

		/** The default time between two rotations that are requested. */
		public static final int FORCED_SECONDS = 10;

		/** The schedule of a kubelet. */
		public static final Schedule KUBELET = new Schedule(false, false, RotationWindow.KUBELET, false,
				Duration.ofMinutes(WAIT_MINUTES), Duration.ofSeconds(FORCED_SECONDS), RetrySchedule.KUBELET);

	}

}
