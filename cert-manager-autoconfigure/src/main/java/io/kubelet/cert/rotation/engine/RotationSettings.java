package io.kubelet.cert.rotation.engine;

import java.time.Clock;
import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.rotation.core.Policy;
import io.kubelet.cert.rotation.core.Policy.Asked;
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

	Clock clock() {
		return this.resources.clock();
	}

	/** Whether rotation is off: nothing is requested. */
	boolean off() {
		return this.signers == null;
	}

	/** What the decisions depend on. */
	Policy policy() {
		return new Policy(off(), this.schedule.onlyIfInvalid(), this.store instanceof CertificateStore.Shared,
				this.store.toString(),
				new Asked(this.request.signer, this.request.usages, this.request.lifetime, this.request.key),
				this.schedule.window, off() && !this.schedule.overdueAtLatest, this.schedule.waitTimeout,
				this.schedule.retry);
	}

	/**
	 * What is requested, besides the template.
	 *
	 * @param signer the signer
	 * @param signerOrigin where it is named, for the log, such as a property;
	 * {@code null} to leave it out
	 * @param usages the usages, empty for those that follow from signer, template and key
	 * @param lifetime the lifetime, {@code null} to leave it to the signer
	 * @param key the kind of key
	 */
	public record Request(Signer signer, @Nullable String signerOrigin, List<Usage> usages, @Nullable Duration lifetime,
			KeySpecification key) {

		/**
		 * Returns the defaults for a signer: its usual usages and lifetime, and an EC
		 * P-256 key.
		 * @param signer the signer
		 * @return the defaults
		 */
		public static Request of(Signer signer) {
			return new Request(signer, null, List.of(), null, KeySpecification.EC_P256);
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
