package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import org.jspecify.annotations.Nullable;

/**
 * Which attempt is next for the pending request. Whoever stores a request is about to
 * submit it, so other replicas give it a moment first, and submit it only if they still
 * find no object after that.
 */
final class Joining {

	private static final long SHORTEST_MILLIS = 1000;

	private static final long SPREAD_MILLIS = 2000;

	private final DoubleSupplier random;

	private State state;

	/** After which the attempt is made, {@link Pause#NONE} if it is made when due. */
	private Pause moment = Pause.NONE;

	/** In a row. */
	private int conflicts;

	/** Our template, which gives way to that of the other replica. */
	private @Nullable CertificateTemplate givingWay;

	Joining(DoubleSupplier random, State state) {
		this.random = random;
		this.state = state;
	}

	State state() {
		return this.state;
	}

	/** Another replica has stored a request. */
	void begin(@Nullable CertificateTemplate template, Instant now) {
		this.state = State.THEIRS;
		this.givingWay = template;
		giveTime(now);
	}

	/** This process has stored a request. */
	void own() {
		this.state = State.OURS;
		this.moment = Pause.NONE;
		this.givingWay = null;
	}

	/** There is an object. */
	void seen() {
		this.state = State.SEEN;
	}

	/**
	 * There is no object, and the other replicas are given a moment.
	 * @param takenOver whether this process creates it after that
	 */
	void missed(boolean takenOver, Instant now) {
		this.state = takenOver ? State.OURS : State.MISSED;
		giveTime(now);
	}

	/**
	 * Another replica has stored something first, and is followed after a moment.
	 * @return {@code false} if there is no end to that, which no replica does
	 */
	boolean isOvertaken(Instant now) {
		if (++this.conflicts == LastStored.MOST_CONFLICTS) {
			this.conflicts = 0;
			return false;
		}
		giveTime(now);
		return true;
	}

	/** Gives other replicas a moment to do what they have begun. */
	private void giveTime(Instant now) {
		this.moment = Pause.of(now,
				Duration.ofMillis(SHORTEST_MILLIS + (long) (SPREAD_MILLIS * this.random.getAsDouble())));
	}

	/** Whether an attempt is made as soon as that moment is over. */
	boolean isNext() {
		return this.moment != Pause.NONE;
	}

	/** The moment that other replicas are given. */
	Pause moment() {
		return this.moment;
	}

	void attempted() {
		this.conflicts = 0;
		this.moment = Pause.NONE;
	}

	/** Whether our template gives way to that of the other replica. */
	boolean givesWay(CertificateTemplate template) {
		return template.equals(this.givingWay);
	}

	/** What the attempt does. */
	enum State {

		/** Creates the object. If another one has its name, the request is lost. */
		OURS,

		/**
		 * Looks for the object of another process: one that stored the request lately, or
		 * before the start. If there is none, it is missed.
		 */
		THEIRS,

		/**
		 * Looks for the object, which was seen. If it is gone, it is missed: another
		 * replica may have stored the certificate and deleted it.
		 */
		SEEN,

		/** Looks for the object again. If there is none, the request is lost. */
		MISSED;

		/** Whether the object is missed, rather than lost, if there is none. */
		boolean isPatient() {
			return this == THEIRS || this == SEEN;
		}

		/** Whether the object is never created. That of a request with a UID is not. */
		boolean onlyLooks() {
			return this == THEIRS || this == MISSED;
		}

	}

}
