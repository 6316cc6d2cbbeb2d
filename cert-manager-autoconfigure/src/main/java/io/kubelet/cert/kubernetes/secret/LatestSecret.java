package io.kubelet.cert.kubernetes.secret;

import org.jspecify.annotations.Nullable;

/**
 * The latest known state of a Secret. A watch reports changes later than the answer to a
 * write does, so an older state never replaces a newer one. Can be used by any thread.
 */
final class LatestSecret {

	private @Nullable SecretObject known;

	private boolean outdated;

	/** The state, {@code null} if it has to be read. */
	synchronized @Nullable SecretObject get() {
		return this.outdated ? null : this.known;
	}

	/** The last state, outdated or not; {@code null} if none is known yet. */
	synchronized @Nullable SecretObject last() {
		return this.known;
	}

	/** The state has to be read. */
	synchronized void isOutdated() {
		this.outdated = true;
	}

	/**
	 * Notes the answer to a request.
	 * @param before the last state when the request was sent
	 * @return the latest state
	 */
	synchronized SecretObject update(@Nullable SecretObject before, SecretObject answer) {
		SecretObject known = this.known;
		if (known == null || known == before || answer.isNewerThan(known)) {
			known = answer;
		}
		this.known = known;
		this.outdated = false;
		return known;
	}

	/**
	 * Notes the state in a list. A list that began before a write shows an older state,
	 * as that of a server whose etcd was restored does.
	 * @return whether something has changed
	 */
	synchronized boolean listed(SecretObject secret) {
		SecretObject known = this.known;
		if (known != null && known.version().equals(secret.version())) {
			return false;
		}
		this.outdated = known != null && !secret.isNewerThan(known);
		this.known = this.outdated ? known : secret;
		return true;
	}

	/**
	 * Notes a change, in the order of the changes.
	 * @return whether it was not known
	 */
	synchronized boolean changed(SecretObject secret, boolean deleted) {
		SecretObject known = this.known;
		if (known != null && !secret.isNewerThan(known)) {
			return false;
		}
		this.known = deleted ? SecretObject.ABSENT : secret;
		return true;
	}

}
