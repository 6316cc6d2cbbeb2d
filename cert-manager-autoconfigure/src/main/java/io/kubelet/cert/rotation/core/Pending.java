package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;

/**
 * The request that counts, and what is known of its object.
 *
 * @param request the request and its key
 * @param stage what an attempt does with it
 * @param object the object that the signer has for it, as it was last seen; {@code null}
 * if that is not known
 * @param sentAt when this process sent it for the first time, {@code null} if it has not
 * @param yields our template, which yields to that of the replica that stored it;
 * {@code null} if none does
 * @param ahead how far the clock here was ahead of the API server's when that created the
 * object for this process, negative if it was behind; {@code null} if that is not known
 */
public record Pending(PendingRequest request, Stage stage, @Nullable SubmittedRequest object, @Nullable Instant sentAt,
		@Nullable CertificateTemplate yields, @Nullable Duration ahead) {

	/** Whether it asks for a template, or for one to which ours yields. */
	boolean isFor(CertificateTemplate template) {
		return template.equals(this.request.request().template()) || template.equals(this.yields);
	}

	/** Whether it is for an issuer of cert-manager. */
	boolean hasIssuer() {
		return this.request.request().signer() instanceof Signer.Issuer;
	}

	/** Whether it is looked for again if its object is not found. */
	boolean isToBeMissed() {
		return this.stage == Stage.FOUND || this.stage == Stage.THEIRS || this.stage == Stage.SEEN;
	}

	/** An attempt begins. */
	Pending sent(Instant now) {
		return new Pending(this.request, this.stage, this.object, (this.sentAt != null) ? this.sentAt : now,
				this.yields, this.ahead);
	}

	/** Another attempt does something else with it. */
	Pending with(Stage stage, @Nullable SubmittedRequest object) {
		return new Pending(this.request, stage, object, this.sentAt, this.yields, this.ahead);
	}

	/** Its object was found or created, or has changed. */
	Pending seen(SubmittedRequest object, Instant now) {
		CertificateRequest request = this.request.request();
		PendingRequest confirmed = object.uid().equals(request.uid()) ? this.request
				: this.request.with(request.confirmed(object.name(), object.uid(), object.createdAt()));
		Duration ahead = (this.stage == Stage.OURS && this.sentAt != null && request.uid() == null)
				? ahead(this.sentAt, object.createdAt(), now) : this.ahead;
		return new Pending(confirmed, Stage.SEEN, object, this.sentAt, this.yields, ahead);
	}

	/**
	 * It was created between two times here. Its own is without fractions of a second.
	 */
	private static Duration ahead(Instant sentAt, Instant createdAt, Instant now) {
		Instant earliest = sentAt.truncatedTo(ChronoUnit.SECONDS);
		return createdAt.isBefore(earliest) ? Duration.between(createdAt, earliest)
				: createdAt.isAfter(now) ? Duration.between(createdAt, now) : Duration.ZERO;
	}

	/**
	 * Whether a failure ends it. That the API server rejects a request, or the pair that
	 * answers it, does not end one whose object exists already.
	 */
	boolean isEndedBy(Throwable problem) {
		Recovery recovery = Kind.of(problem).recovery();
		boolean byServer = Failures.answerBehind(problem) instanceof RequestException rejection
				&& rejection.statusCode() != 0;
		return recovery == Recovery.START_OVER
				|| (recovery == Recovery.RETRY_SLOWLY && (!byServer || this.object == null));
	}

	/** How long ago this process sent it for the first time. */
	Duration waited(Instant now) {
		return (this.sentAt != null && now.isAfter(this.sentAt)) ? Duration.between(this.sentAt, now) : Duration.ZERO;
	}

	/**
	 * What an attempt does. A process creates the object only of a request that it has
	 * stored itself: anybody who can write a shared store may know the key of one that is
	 * found there. Whoever has stored it may be about to create the object, so it is
	 * looked for again.
	 */
	public enum Stage {

		/** This process has stored it. An attempt creates its object. */
		OURS,

		/**
		 * An earlier process has stored it in files. An attempt creates its object,
		 * unless that exists: its age says nothing of the clock here.
		 */
		RESUMED,

		/**
		 * It was stored for all replicas before the start. An attempt looks for its
		 * object, unless it asks for something else: those that wait for it may be of a
		 * newer version. Then it is left alone until a rotation is due.
		 */
		FOUND,

		/** Another replica has stored it lately. An attempt looks for its object. */
		THEIRS,

		/**
		 * Its object was found or created. If it is gone, another replica may have stored
		 * the certificate.
		 */
		SEEN,

		/** Its object was not found. An attempt looks for it for the last time. */
		MISSED,

		/**
		 * Its object was not found again. It stays in the store until another request
		 * takes its place, or no rotation is due.
		 */
		LOST

	}

	/**
	 * A request that is to be removed from the store. If it is over, first its object is
	 * deleted, then the request from the store, so that a process that ends in between
	 * finds it again. The object of one that was left alone for a pause remains.
	 *
	 * @param request the request
	 * @param deleting whether its deletion is in progress
	 * @param pause before the deletion is tried, {@link Pause#NONE} unless it has failed,
	 * or the request is left alone
	 */
	public record Leaving(PendingRequest request, boolean deleting, Pause pause) {

		/** After which a deletion from the store that failed is repeated. */
		private static final Duration RETRY = Duration.ofMinutes(1);

		boolean isFor(PendingRequest request) {
			return this.request.hasKey(request.request().publicKey());
		}

		boolean isDue(Instant now) {
			return !this.deleting && this.pause.isOver(now);
		}

		Leaving failed(Instant now) {
			return new Leaving(this.request, false, Pause.of(now, RETRY));
		}

	}

}
