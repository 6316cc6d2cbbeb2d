package io.kubelet.cert.rotation.core;

import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import org.jspecify.annotations.Nullable;

/**
 * What does not change while a process runs.
 *
 * @param off whether nothing is ever requested
 * @param onlyIfInvalid whether a certificate is requested only if there is no valid one,
 * or by a caller
 * @param shared whether replicas share the store, and so the certificate
 * @param store the name of the store, for messages
 * @param asked what is requested, besides the template
 * @param window the part of the lifetime in which the rotation deadline falls
 * @param replacedLate whether another program replaces pairs, perhaps after the window
 * @param waitTimeout how long an attempt waits for approval and signature
 * @param retry how long to wait after a failure
 */
public record Policy(boolean off, boolean onlyIfInvalid, boolean shared, String store, Asked asked,
		RotationWindow window, boolean replacedLate, Duration waitTimeout, RetrySchedule retry) {

	/** Replicas with the same deadline do not all begin at once. */
	private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);

	/** The longest delay of short lifetimes, as a part of them. */
	private static final int PARTS = 100;

	/** Whether a valid certificate is not rotated, unless a caller requests it. */
	public boolean keepsValidPair() {
		return this.onlyIfInvalid || this.off;
	}

	/**
	 * Returns when the rotation of a pair is due.
	 * @param pair the pair
	 * @param shared the deadline of all replicas, {@code null} if there is none
	 * @param random a random number in [0, 1)
	 * @return an instant in its lifetime, not after the end of the window
	 */
	public Instant deadline(CertificatePair pair, @Nullable Instant shared, double random) {
		if (shared == null || !shared.isAfter(pair.notBefore()) || !shared.isBefore(pair.notAfter())) {
			return this.window.deadline(pair, random);
		}
		Duration longest = Collections.min(List.of(LONGEST_DELAY, pair.lifetime().dividedBy(PARTS)));
		Instant delayed = shared.plusMillis((long) (longest.toMillis() * random));
		return Collections.min(List.of(delayed, this.window.end(pair)));
	}

	/**
	 * Returns when a pair becomes overdue.
	 * @param pair the pair
	 * @param replaced the largest fraction of its lifetime that was over when another
	 * program replaced a pair, 0 if none did
	 * @return the end of the window or, if another program replaces pairs late, when it
	 * is about to expire and, relative to its lifetime, all earlier ones had been
	 * replaced
	 */
	public Instant overdueAt(CertificatePair pair, double replaced) {
		if (!this.replacedLate) {
			return this.window.end(pair);
		}
		Instant asBefore = RotationWindow.at(pair, replaced).plus(FileChanges.INTERVAL);
		return Collections
			.max(List.of(RotationWindow.lastPart(pair), Collections.min(List.of(asBefore, pair.notAfter()))));
	}

	/** Whether a request is for the signer that is configured now. */
	boolean isForOurSigner(PendingRequest pending) {
		return pending.request().signer().equals(this.asked.signer);
	}

	/**
	 * Returns whether a request asks for what is configured now, with a key of that kind.
	 * @param pending the request
	 * @param template the template
	 * @return {@code false} if another one is needed
	 */
	public boolean asksFor(PendingRequest pending, CertificateTemplate template) {
		CertificateRequest request = pending.request();
		return request.template().equals(template) && isForOurSigner(pending)
				&& Set.copyOf(request.usages()).equals(Set.copyOf(this.asked.usages(template, request.publicKey())))
				&& Objects.equals(request.requestedLifetime(), this.asked.lifetime)
				&& (pending.key() == null || pending.key().equals(this.asked.key));
	}

	/**
	 * What is requested, besides the template.
	 *
	 * @param signer the signer
	 * @param usages the usages, empty for those that follow from signer, template and key
	 * @param lifetime the lifetime, {@code null} to leave it to the signer
	 * @param key the kind of key
	 */
	public record Asked(Signer signer, List<Usage> usages, @Nullable Duration lifetime, KeySpecification key) {

		/**
		 * Returns the usages of a request.
		 * @param template its template
		 * @param publicKey its key
		 * @return the usages
		 */
		public List<Usage> usages(CertificateTemplate template, PublicKey publicKey) {
			return this.usages.isEmpty() ? Usage.defaults(this.signer, template, publicKey) : this.usages;
		}

	}

}
