package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateTemplate;
import org.jspecify.annotations.Nullable;

/**
 * An attempt to have the pending request answered.
 *
 * @param template the template that is wanted, which may yield to that of the request
 * @param until when it gives up waiting
 * @param looks when the object is looked at before that, since a watch may be open and
 * bring nothing; the earliest first
 */
public record Attempt(CertificateTemplate template, Instant until, List<Instant> looks) {

	/** Enough for one call, before a time is over. */
	private static final Duration LAST_CALL = Duration.ofSeconds(10);

	/**
	 * Returns whether this is another one at a later time.
	 * @param other the other one, {@code null} if there is none
	 * @return {@code true} if both began at once, for the same template
	 */
	public boolean isSameAs(@Nullable Attempt other) {
		return other != null && this.until.equals(other.until) && this.template.equals(other.template);
	}

	/** Looks at the object before another time is over. */
	Attempt lookingBefore(Instant end, Instant now) {
		Duration left = Duration.between(now, end);
		Instant look = end.minus(Collections.min(List.of(LAST_CALL, left.dividedBy(4))));
		return new Attempt(this.template, this.until,
				Stream.concat(this.looks.stream(), Stream.of(look)).sorted().toList());
	}

	/** Has looked at the object. */
	Attempt looked(Instant now) {
		return new Attempt(this.template, this.until, this.looks.stream().filter((look) -> look.isAfter(now)).toList());
	}

	boolean looks(Instant now) {
		return !this.looks.isEmpty() && !this.looks.get(0).isAfter(now);
	}

	/** When there is something to do. */
	Instant next() {
		return this.looks.isEmpty() ? this.until : Collections.min(List.of(this.until, this.looks.get(0)));
	}

}
