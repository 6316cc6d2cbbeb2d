package io.kubelet.cert.kubernetes.internal.secret;

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

	private final SecretApi api;

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

	private @Nullable SecretObject known;

	/** As the known state, but as it was deleted if it was. */
	private SecretObject newest = SecretObject.ABSENT;

	/** Whether the state may be another one, which the watch has not reported yet. */
	private boolean outdated;

	/** The last state that a replica has written. */
	private SecretObject managed = SecretObject.ABSENT;

	private @Nullable SecretObject knownBeforeListing;

	LatestSecret(SecretApi api) {
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
		}
		try {
			return update(last, this.api.read());
		}
		catch (StoreException ex) {
			if (latest || last == null) {
				throw ex;
			}
			return last;
		}
	}

	/**
	 * Returns the last state that a replica has written, even if it was deleted since.
	 */
	synchronized SecretObject managed() {
		return this.managed;
	}

	/** Another process has written, or it is not known whether this one has. */
	synchronized void markOutdated() {
		this.outdated = true;
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
		if (known == null || answer.isNewerThan(this.newest)
				|| (known == before && !known.version().equals(answer.version()))) {
			this.newest = answer;
			return is(answer);
		}
		return is(known);
	}

	private SecretObject is(SecretObject secret) {
		this.known = secret;
		this.outdated = false;
		noteManaged(secret);
		return secret;
	}

	private void noteManaged(SecretObject secret) {
		if (secret.isManaged()) {
			this.managed = secret;
		}
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
			if (!reported.isNewerThan(this.newest)) {
				return;
			}
			noteManaged(reported);
			is(state);
			this.newest = reported;
		}
		this.callbacks.forEach(Runnable::run);
	}

	/** Whoever may not watch the Secret can still read it. */
	@Override
	public String watchFailed(ApiException response, Kind kind) {
		markOutdated();
		this.callbacks.forEach(Runnable::run);
		return ApiFailures.reason(response, "get, list, watch and update on the Secret are needed");
	}

	@Override
	public String toString() {
		return this.api.toString();
	}

}
