package io.kubelet.cert.kubernetes.internal.secret;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.watch.Observer;
import io.kubelet.cert.store.StoreException;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * The latest known state of a Secret, which a watch and the answers to requests bring. A
 * watch reports a change later than the answer to a write does, so an older state never
 * replaces one that has become known since it was asked for. Can be used by any thread.
 */
final class LatestSecret implements Observer {

	/** Reviews and attempts that follow each other directly share a failure. */
	private static final Duration SAME_FAILURE = Duration.ofSeconds(5);

	private final SecretApi api;

	private final Clock clock;

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

	private @Nullable SecretObject known;

	/** Whether the state may be another one, which the watch has not reported yet. */
	private boolean outdated;

	/** Why the Secret could not be read, and when. */
	private @Nullable StoreException unreadable;

	private Instant unreadableAt = Instant.MIN;

	private @Nullable SecretObject knownBeforeListing;

	LatestSecret(SecretApi api, Clock clock) {
		this.api = api;
		this.clock = clock;
	}

	/** Calls back after each change that the watch reports. */
	void onChange(Runnable changed) {
		this.callbacks.add(changed);
	}

	/**
	 * Returns the state, and reads it if it may be outdated.
	 * @param latest whether the last known state is of no use if it is outdated
	 * @throws StoreException if it cannot be read
	 */
	SecretObject get(boolean latest) {
		SecretObject last;
		synchronized (this) {
			last = this.known;
			if (last != null && !this.outdated) {
				return last;
			}
			if (!latest && this.unreadable != null && hasJustFailed()) {
				return lastKnown(this.unreadable);
			}
		}
		try {
			return update(last, this.api.read());
		}
		catch (StoreException ex) {
			failed(ex);
			if (latest) {
				throw ex;
			}
			return lastKnown(ex);
		}
	}

	/** Not if the clock has been set back since. */
	private boolean hasJustFailed() {
		Instant now = this.clock.instant();
		return !now.isBefore(this.unreadableAt) && now.isBefore(this.unreadableAt.plus(SAME_FAILURE));
	}

	private synchronized void failed(StoreException cause) {
		this.unreadable = cause;
		this.unreadableAt = this.clock.instant();
	}

	private synchronized SecretObject lastKnown(StoreException cause) {
		if (this.known == null) {
			throw cause;
		}
		return this.known;
	}

	/** Another process has written, or it is not known whether this one has. */
	synchronized void markOutdated() {
		this.outdated = true;
		this.unreadable = null;
	}

	/**
	 * Notes the answer to a request. If nothing else has become known since the request
	 * was sent, it is the latest state even if its version is lower, as that of a server
	 * whose etcd was restored from a backup.
	 * @param before the last state when the request was sent
	 * @return the latest state
	 */
	synchronized SecretObject update(@Nullable SecretObject before, SecretObject answer) {
		SecretObject known = this.known;
		return (known == null || answer.isNewerThan(known)
				|| (known == before && !known.version().equals(answer.version()))) ? is(answer) : is(known);
	}

	private SecretObject is(SecretObject secret) {
		this.known = secret;
		this.outdated = false;
		this.unreadable = null;
		return secret;
	}

	@Override
	public synchronized void listing() {
		this.knownBeforeListing = this.known;
	}

	@Override
	public void listed(List<JsonObject> objects) {
		SecretObject secret = objects.isEmpty() ? SecretObject.ABSENT : new SecretObject(objects.get(0));
		if (update(this.knownBeforeListing, secret) == secret) {
			this.callbacks.forEach(Runnable::run);
		}
	}

	@Override
	public void changed(JsonObject object) {
		SecretObject secret = new SecretObject(object);
		changed(secret, secret);
	}

	@Override
	public void deleted(JsonObject object) {
		changed(new SecretObject(object), SecretObject.ABSENT);
	}

	private void changed(SecretObject reported, SecretObject state) {
		synchronized (this) {
			if (this.known != null && !reported.isNewerThan(this.known)) {
				return;
			}
			is(state);
		}
		this.callbacks.forEach(Runnable::run);
	}

	/** Whoever may not watch the Secret can still read it. */
	@Override
	public String refused(ApiException answer, Kind kind) {
		markOutdated();
		this.callbacks.forEach(Runnable::run);
		return ApiFailures.refusal(answer, "get, list, watch and update on the Secret are needed")
				+ ApiFailures.advice(answer);
	}

	@Override
	public String toString() {
		return this.api.toString();
	}

}
