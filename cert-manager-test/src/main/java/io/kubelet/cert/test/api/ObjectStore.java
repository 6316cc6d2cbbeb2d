package io.kubelet.cert.test.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The objects, in memory, under one revision that only grows, with the history that
 * watches are served from. Objects in the store and in what it returns are never changed:
 * copy before changing one. Safe for use by several threads.
 */
public final class ObjectStore {

	private static final int HISTORY = 20_000;

	private final NavigableMap<String, JsonObject> objects = new TreeMap<>();

	private final Deque<Change> history = new ArrayDeque<>();

	private final List<Consumer<Change>> listeners = new CopyOnWriteArrayList<>();

	private long revision = 100;

	private long compacted;

	/** Be told of each change, in order, while the store is locked: return at once. */
	public void onChange(Consumer<Change> listener) {
		this.listeners.add(listener);
	}

	/** Forget the history, as the API server does after some minutes. */
	public synchronized void compact() {
		this.history.clear();
		this.compacted = this.revision;
	}

	/**
	 * Begin again with low revisions, as after a backup of etcd was restored: revisions
	 * that clients remember are in the future.
	 */
	public synchronized void resetRevision() {
		this.revision = 0;
		this.objects.replaceAll((key, object) -> {
			JsonObject stamped = stamped(object);
			this.revision++;
			return stamped;
		});
		compact();
	}

	/** The revision of the last change. */
	public synchronized long revision() {
		return this.revision;
	}

	public synchronized @Nullable JsonObject find(ResourceType type, String namespace, String name) {
		return this.objects.get(key(type, namespace, name));
	}

	/**
	 * Add an object.
	 * @return what was added; {@code null} when there is one of that name
	 */
	public synchronized @Nullable JsonObject create(ResourceType type, JsonObject object) {
		String key = key(type, object);
		if (this.objects.containsKey(key)) {
			return null;
		}
		JsonObject created = stamped(object);
		this.objects.put(key, created);
		record(new Change("ADDED", this.revision + 1, type, created, null));
		return created;
	}

	/**
	 * Change an object in one step. A change that changes nothing leaves the revision as
	 * it is.
	 * @param change gets a copy and returns what takes its place
	 * @throws ApiFailure 404 when there is none of that name, and what the change throws
	 */
	public synchronized JsonObject update(ResourceType type, String namespace, String name,
			UnaryOperator<JsonObject> change) {
		JsonObject existing = require(type, namespace, name);
		JsonObject changed = change.apply(existing.deepCopy());
		if (changed.equals(existing)) {
			return existing;
		}
		JsonObject updated = stamped(changed);
		this.objects.put(key(type, namespace, name), updated);
		record(new Change("MODIFIED", this.revision + 1, type, updated, existing));
		return updated;
	}

	/**
	 * Remove an object.
	 * @param uid the UID that it must have; empty for any
	 * @return what was removed
	 * @throws ApiFailure 404 when there is none of that name, 409 when it has another UID
	 */
	public synchronized JsonObject delete(ResourceType type, String namespace, String name, String uid) {
		JsonObject existing = require(type, namespace, name);
		String actual = Json.text(existing, "metadata", "uid");
		if (!uid.isEmpty() && !uid.equals(actual)) {
			throw ApiFailure.conflict(type, name,
					("the UID in the precondition (%s) does not match the UID in record (%s). "
							+ "The object might have been deleted and then recreated")
						.formatted(uid, actual));
		}
		this.objects.remove(key(type, namespace, name));
		record(new Change("DELETED", this.revision + 1, type, stamped(existing), existing));
		return existing;
	}

	/**
	 * All objects of a type, by name.
	 * @param namespace the namespace; empty for all
	 */
	public synchronized Listing list(ResourceType type, String namespace) {
		return new Listing(this.revision, of(type, namespace, this.objects));
	}

	private static List<JsonObject> of(ResourceType type, String namespace, NavigableMap<String, JsonObject> objects) {
		String prefix = key(type, namespace, "");
		if (namespace.isEmpty() && type.isNamespaced()) {
			prefix = prefix.substring(0, prefix.length() - 1);
		}
		return new ArrayList<>(objects.subMap(prefix, true, prefix + Character.MAX_VALUE, false).values());
	}

	/**
	 * All objects of a type as they were at a revision, by name; {@code null} when the
	 * history no longer reaches back to it.
	 */
	public synchronized @Nullable Listing list(ResourceType type, String namespace, long revision) {
		if (revision < this.compacted) {
			return null;
		}
		NavigableMap<String, JsonObject> then = new TreeMap<>(this.objects);
		Iterator<Change> newestFirst = this.history.descendingIterator();
		while (newestFirst.hasNext()) {
			Change change = newestFirst.next();
			if (change.revision() <= revision) {
				break;
			}
			String key = key(change.resource(), change.object());
			if (change.previous() != null) {
				then.put(key, change.previous());
			}
			else {
				then.remove(key);
			}
		}
		return new Listing(revision, of(type, namespace, then));
	}

	/**
	 * Wait for changes after a revision.
	 * @param nanos how long to wait at most, in nanoseconds
	 * @param stopped whether not to wait; looked at under the lock, so that no
	 * {@link #wakeUp()} after it is missed
	 * @return the changes, oldest first; empty when there were none in time, or on
	 * {@link #wakeUp()}
	 * @throws ApiFailure 410 when the history no longer reaches back to the revision
	 */
	public synchronized List<Change> await(long after, long nanos, BooleanSupplier stopped)
			throws InterruptedException {
		if (after < this.compacted) {
			throw ApiFailure.expired("too old resource version: %d (%d)".formatted(after, this.compacted));
		}
		if (this.revision <= after && nanos > 0 && !stopped.getAsBoolean()) {
			TimeUnit.NANOSECONDS.timedWait(this, nanos);
		}
		Deque<Change> changes = new ArrayDeque<>();
		Iterator<Change> newestFirst = this.history.descendingIterator();
		while (newestFirst.hasNext()) {
			Change change = newestFirst.next();
			if (change.revision() <= after) {
				break;
			}
			changes.addFirst(change);
		}
		return List.copyOf(changes);
	}

	/** Let all that wait for changes return. */
	public synchronized void wakeUp() {
		notifyAll();
	}

	private JsonObject require(ResourceType type, String namespace, String name) {
		JsonObject existing = find(type, namespace, name);
		if (existing == null) {
			throw ApiFailure.notFound(type, name);
		}
		return existing;
	}

	private JsonObject stamped(JsonObject object) {
		JsonObject copy = object.deepCopy();
		copy.getAsJsonObject("metadata").addProperty("resourceVersion", Long.toString(this.revision + 1));
		return copy;
	}

	private void record(Change change) {
		this.revision = change.revision();
		this.history.addLast(change);
		while (this.history.size() > HISTORY) {
			this.compacted = this.history.removeFirst().revision();
		}
		this.listeners.forEach((listener) -> listener.accept(change));
		notifyAll();
	}

	private static String key(ResourceType type, JsonObject object) {
		return key(type, Json.text(object, "metadata", "namespace"), Json.text(object, "metadata", "name"));
	}

	private static String key(ResourceType type, String namespace, String name) {
		return type.group() + "/" + type.plural() + "/" + namespace + "/" + name;
	}

	/**
	 * One change.
	 *
	 * @param type {@code ADDED}, {@code MODIFIED} or {@code DELETED}
	 * @param revision the revision it made
	 * @param resource the type of the object
	 * @param object the object after it
	 * @param previous the object before it
	 */
	public record Change(String type, long revision, ResourceType resource, JsonObject object,
			@Nullable JsonObject previous) {

	}

	/**
	 * Objects, and the revision at which they were so.
	 */
	public record Listing(long revision, List<JsonObject> items) {

	}

}
