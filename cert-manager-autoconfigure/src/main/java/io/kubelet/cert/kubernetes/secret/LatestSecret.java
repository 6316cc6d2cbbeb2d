package io.kubelet.cert.kubernetes.secret;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.ApiFailures;
import io.kubelet.cert.kubernetes.watch.WatchObserver;
import io.kubelet.cert.store.StoreException;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * The latest known state of a Secret, which a watch and the answers to requests bring. A
 * watch reports a change later than the answer to a write does, so an older state never
 * replaces a newer one. Can be used by any thread.
 */
final class LatestSecret implements WatchObserver {

	private final SecretLocation location;

	private final SecretApi api;

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

	private @Nullable SecretObject known;

	/** Whether the state may be another one, which the watch has not reported yet. */
	private boolean outdated;

	/** Why the Secret could not be read. It is not read again until the watch can. */
	private @Nullable StoreException unreadable;

	LatestSecret(SecretLocation location, SecretApi api) {
		this.location = location;
		this.api = api;
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
			if (this.unreadable != null) {
				return unreadable(latest ? null : last, this.unreadable);
			}
		}
		try {
			return update(last, this.api.read());
		}
		catch (StoreException ex) {
			return unreadable(latest ? null : last, ex);
		}
	}

	private synchronized SecretObject unreadable(@Nullable SecretObject last, StoreException cause) {
		this.unreadable = cause;
		if (last == null) {
			throw cause;
		}
		return last;
	}

	/** Another process has written. */
	synchronized void isOutdated() {
		this.outdated = true;
		this.unreadable = null;
	}

	/** It is not known whether a write of this process was successful. */
	synchronized void isUncertain() {
		this.outdated = true;
	}

	/**
	 * Notes the answer to a request.
	 * @param before the last state when the request was sent
	 * @return the latest state
	 */
	synchronized SecretObject update(@Nullable SecretObject before, SecretObject answer) {
		SecretObject known = this.known;
		return (known == null || known == before || answer.isNewerThan(known)) ? is(answer) : is(known);
	}

	private SecretObject is(SecretObject secret) {
		this.known = secret;
		this.outdated = false;
		this.unreadable = null;
		return secret;
	}

	/**
	 * A list that began before a write shows an older state, as that of a server whose
	 * etcd was restored does.
	 */
	@Override
	public void listed(List<JsonObject> objects) {
		SecretObject secret = objects.isEmpty() ? SecretObject.ABSENT : new SecretObject(objects.get(0));
		synchronized (this) {
			SecretObject known = this.known;
			if (known != null && known.version().equals(secret.version())) {
				is(known);
				return;
			}
			if (known == null || secret.isNewerThan(known)) {
				is(secret);
			}
			else {
				isOutdated();
			}
		}
		this.callbacks.forEach(Runnable::run);
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

	@Override
	public void interrupted(Kind kind, String problem) {
		// The last known state remains
	}

	/** Whoever may not watch the Secret can still read it. */
	@Override
	public String refused(ApiException answer) {
		isOutdated();
		this.callbacks.forEach(Runnable::run);
		return ApiFailures.refusal(answer, "get, list, watch and update on the Secret are needed")
				+ ApiFailures.advice(answer);
	}

	@Override
	public String toString() {
		return this.location.toString();
	}

}
