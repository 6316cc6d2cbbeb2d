package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * An attempt to have the pending request answered. How long it waits is measured by a
 * timer, since the clock may be set meanwhile.
 *
 * @param timedOut whether it has waited long enough
 * @param looks the pauses before the object is looked at, since a watch may be open and
 * bring nothing
 */
public record Attempt(boolean timedOut, List<Pause> looks) {

	/** Enough for one call, before a time is over. */
	private static final Duration LAST_CALL = Duration.ofSeconds(10);

	private static final Duration SOON = Duration.ofMinutes(1);

	/** Begins. It ends at the limit, if the certificate in use has not expired before. */
	static Attempt begin(Current current, Instant limit, Instant now) {
		CertificatePair pair = current.isValid(now) ? current.pair() : null;
		Instant end = (pair != null && pair.notAfter().isBefore(limit)) ? pair.notAfter() : limit;
		Attempt attempt = new Attempt(false, List.of()).lookingBefore(end, now);
		return (pair != null) ? attempt : attempt.lookingSoon(now);
	}

	/** Looks at the object before a time is over. */
	Attempt lookingBefore(Instant end, Instant now) {
		Duration left = Duration.between(now, end);
		return looking(new Pause(now, end.minus(Collections.min(List.of(LAST_CALL, left.dividedBy(4))))));
	}

	/** Looks at the object soon, since there is no valid certificate. */
	Attempt lookingSoon(Instant now) {
		Pause soon = Pause.of(now, SOON);
		return this.looks.stream().anyMatch((look) -> !look.end().isAfter(soon.end())) ? this : looking(soon);
	}

	private Attempt looking(Pause look) {
		return new Attempt(this.timedOut, Stream.concat(this.looks.stream(), Stream.of(look)).toList());
	}

	/**
	 * Has looked at the object.
	 * @param current whose validity decides whether there is a further look soon
	 */
	Attempt looked(Current current, Instant now) {
		Attempt next = new Attempt(this.timedOut, this.looks.stream().filter((look) -> !look.isOver(now)).toList());
		return current.isValid(now.plus(SOON)) ? next : next.lookingSoon(now);
	}

	/** Has waited long enough. */
	Attempt over() {
		return new Attempt(true, this.looks);
	}

	boolean looks(Instant now) {
		return this.looks.stream().anyMatch((look) -> look.isOver(now));
	}

	/** When there is something to do, besides what timers bring. */
	Instant next() {
		return this.looks.stream().map(Pause::end).min(Instant::compareTo).orElse(Instant.MAX);
	}

}
