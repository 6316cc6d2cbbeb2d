package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import org.jspecify.annotations.Nullable;

/**
 * How far a replica is in waiting for the answer to a request that another replica has
 * stored. Whoever stores a request is about to submit it, so others first look for its
 * object, and submit it only if there is none after a moment.
 */
final class Joining {

	private static final long SHORTEST_MILLIS = 1000;

	private static final long SPREAD_MILLIS = 2000;

	private final DoubleSupplier random;

	/** Whether the next attempt looks for the object. */
	private boolean looks;

	/** Whether the object was looked for and not found. */
	private boolean missed;

	private Pause meanwhile = Pause.NONE;

	/** Whether an attempt is to be made as soon as that is over. */
	private boolean next;

	/** Our template, which gives way to that of the other replica. */
	private @Nullable CertificateTemplate givingWay;

	Joining(DoubleSupplier random) {
		this.random = random;
	}

	/** A request is already stored when the process starts. */
	void beginAtStart() {
		this.looks = true;
	}

	void begin(@Nullable CertificateTemplate template, Instant now) {
		end();
		this.looks = true;
		this.givingWay = template;
		this.next = true;
		giveTime(now);
	}

	void end() {
		this.looks = false;
		this.missed = false;
		this.next = false;
		this.givingWay = null;
	}

	/** Gives other replicas a moment to do what they have begun. */
	void giveTime(Instant now) {
		this.meanwhile = Pause.of(now,
				Duration.ofMillis(SHORTEST_MILLIS + (long) (SPREAD_MILLIS * this.random.getAsDouble())));
	}

	/** The moment that other replicas are given. */
	Pause meanwhile() {
		return this.meanwhile;
	}

	/** Whether the next attempt looks for the object and does not create it. */
	boolean looks() {
		return this.looks;
	}

	/** Whether our template gives way to that of the other replica. */
	boolean givesWay(CertificateTemplate template) {
		return template.equals(this.givingWay);
	}

	/** Whether an attempt is made as soon as that moment is over. */
	boolean isNext() {
		return this.next;
	}

	void attempted() {
		this.next = false;
	}

	void found() {
		this.missed = false;
	}

	/**
	 * Gives other replicas a moment, once, because the object does not exist: one may not
	 * have created it yet, or has stored its certificate and deleted it.
	 * @param confirmed whether it did exist
	 * @param ours whether we may create it after that
	 * @return {@code false} if they have had that moment, or we submitted it ourselves
	 */
	boolean leaveToOthers(boolean confirmed, boolean ours, Instant now) {
		if (this.missed || !(this.looks || confirmed)) {
			return false;
		}
		this.missed = true;
		this.looks = !ours;
		this.next = true;
		giveTime(now);
		return true;
	}

}
