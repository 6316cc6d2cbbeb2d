package io.kubelet.cert.rotation;

import java.time.Instant;

/**
 * A failed attempt to rotate.
 *
 * @param at when it failed
 * @param reason why, in one word
 * @param message why, for people; it holds no key and no token
 * @param attempt how many attempts have failed in a row, from 1
 * @param nextAttempt when the next one begins
 * @param cause the exception
 */
public record RotationFailure(Instant at, String reason, String message, int attempt, Instant nextAttempt,
		Throwable cause) {

}
