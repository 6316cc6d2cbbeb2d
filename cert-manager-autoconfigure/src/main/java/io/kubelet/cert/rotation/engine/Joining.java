package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import org.jspecify.annotations.Nullable;

/**
 * How far a replica is in waiting for the answer to a request that another replica has
 * stored. Whoever stores a request is about to submit it, so others give it a moment
 * first, and submit it only if they still find no object after that.
 * <table>
 * <caption>The states of the pending request</caption>
 * <tr>
 * <th>Pending request</th>
 * <th>Next attempt</th>
 * <th>If there is no object</th>
 * </tr>
 * <tr>
 * <td>found at the start</td>
 * <td>looks for the object when a rotation is due</td>
 * <td>missed</td>
 * </tr>
 * <tr>
 * <td>stored by another replica</td>
 * <td>looks for the object after a moment</td>
 * <td>missed</td>
 * </tr>
 * <tr>
 * <td>missed</td>
 * <td>after another moment, looks for the object again, or creates it if that was never
 * seen and our settings ask for the same</td>
 * <td>lost</td>
 * </tr>
 * <tr>
 * <td>ours</td>
 * <td>creates the object when a rotation is due</td>
 * <td>lost</td>
 * </tr>
 * <tr>
 * <td>any of these, once its object was seen</td>
 * <td>looks for the object when a rotation is due</td>
 * <td>missed: another replica may have stored the certificate and deleted it</td>
 * </tr>
 * </table>
 */
final class Joining {

	private static final long SHORTEST_MILLIS = 1000;

	private static final long SPREAD_MILLIS = 2000;

	private final DoubleSupplier random;

	/** Whether the request is of this process, or was made again by it. */
	private boolean ours;

	private Pause moment = Pause.NONE;

	/** Whether an attempt is to be made as soon as that is over. */
	private boolean next;

	/** Whether the object was looked for and not found. */
	private boolean missed;

	/** Our template, which gives way to that of the other replica. */
	private @Nullable CertificateTemplate givingWay;

	Joining(DoubleSupplier random, boolean ours) {
		this.random = random;
		this.ours = ours;
	}

	/** Another replica has stored a request. */
	void begin(@Nullable CertificateTemplate template, Instant now) {
		this.ours = false;
		this.givingWay = template;
		this.next = true;
		giveTime(now);
	}

	/** The next attempt creates the object. */
	void takeOver() {
		this.ours = true;
	}

	/** Whether the next attempt creates the object, or else looks for it. */
	boolean isOurs() {
		return this.ours;
	}

	void end() {
		this.missed = false;
		this.next = false;
		this.givingWay = null;
	}

	/** Gives other replicas a moment to do what they have begun. */
	void giveTime(Instant now) {
		this.moment = Pause.of(now,
				Duration.ofMillis(SHORTEST_MILLIS + (long) (SPREAD_MILLIS * this.random.getAsDouble())));
	}

	/** The moment that other replicas are given. */
	Pause moment() {
		return this.moment;
	}

	/** Whether an attempt is made as soon as that moment is over. */
	boolean isNext() {
		return this.next;
	}

	/** Whether our template gives way to that of the other replica. */
	boolean givesWay(CertificateTemplate template) {
		return template.equals(this.givingWay);
	}

	void attempted() {
		this.next = false;
	}

	void found() {
		this.missed = false;
	}

	/**
	 * The object does not exist, and other replicas are given a moment, once.
	 * @param seen whether it was seen before
	 * @return {@code false} if they have had that moment, or none is involved
	 */
	boolean missed(boolean seen, Instant now) {
		if (this.missed || (this.ours && !seen)) {
			return false;
		}
		this.missed = true;
		this.next = true;
		giveTime(now);
		return true;
	}

}
