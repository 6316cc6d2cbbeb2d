package io.kubelet.cert.test.api;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.http.ConnectionCut;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * One watch: first what is there, where that was asked for, then each change as it
 * happens, until its time is up or it is stopped.
 */
public final class Watch implements ApiResponse.Source {

	private static final long BOOKMARK_INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private static final long BOOKMARK_BEFORE_END = TimeUnit.SECONDS.toNanos(2);

	private final ObjectStore store;

	private final ResourceType type;

	private final String namespace;

	private final Predicate<JsonObject> selected;

	private final ApiRequest request;

	private final Set<Watch> open;

	private final long deadline;

	private long nextBookmark;

	private long position;

	private long lastBookmark;

	private volatile @Nullable Stop stop;

	private volatile boolean silent;

	public Watch(ObjectStore store, ResourceType type, String namespace, Predicate<JsonObject> selected,
			ApiRequest request, Set<Watch> open) {
		this.store = store;
		this.type = type;
		this.namespace = namespace;
		this.selected = selected
			.and((object) -> namespace.isEmpty() || Json.text(object, "metadata", "namespace").equals(namespace));
		this.request = request;
		this.open = open;
		long seconds = request.number("timeoutSeconds");
		long timeout = (seconds > 0) ? seconds : ThreadLocalRandom.current().nextLong(1800, 3600);
		this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeout);
		this.nextBookmark = nextBookmark();
	}

	/** Stop the watch soon, from any thread. */
	public void stop(Stop how) {
		this.stop = how;
		this.store.wakeUp();
	}

	/** Send nothing more, without an end. */
	public void silence() {
		this.silent = true;
	}

	@Override
	public void writeTo(ApiResponse.Head head) throws IOException {
		// First, so that a client that has the head finds the watch among the open ones
		this.open.add(this);
		try {
			writeTo(head.send());
		}
		finally {
			this.open.remove(this);
		}
	}

	private void writeTo(OutputStream output) throws IOException {
		try {
			output.flush();
			begin(output);
			stream(output);
		}
		catch (ApiFailure failure) {
			send(output, "ERROR", failure.status());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedIOException("The server stops");
		}
	}

	private void begin(OutputStream output) throws IOException {
		String since = this.request.parameter("resourceVersion");
		if (!since.isEmpty() && !since.equals("0")) {
			this.position = Long.parseLong(since);
			return;
		}
		ObjectStore.Listing listing = this.store.list(this.type, this.namespace);
		this.position = listing.revision();
		for (JsonObject object : listing.items()) {
			if (this.selected.test(object)) {
				send(output, "ADDED", this.type.view(object));
			}
		}
	}

	private void stream(OutputStream output) throws IOException, InterruptedException {
		while (true) {
			long now = System.nanoTime();
			long until = Math.min(this.deadline, this.nextBookmark);
			for (ObjectStore.Change change : this.store.await(this.position, until - now, () -> this.stop != null)) {
				send(output, change);
				this.position = change.revision();
			}
			now = System.nanoTime();
			if (now - this.nextBookmark >= 0) {
				bookmark(output);
			}
			Stop how = this.stop;
			if (how == Stop.EXPIRE) {
				throw ApiFailure.expired("The resourceVersion for the provided watch is too old.");
			}
			if (how == Stop.CUT) {
				throw new ConnectionCut();
			}
			if (how == Stop.END || now - this.deadline >= 0) {
				return;
			}
		}
	}

	private void bookmark(OutputStream output) throws IOException {
		this.nextBookmark = nextBookmark();
		// A position in the future is never confirmed
		if (this.request.flag("allowWatchBookmarks") && this.position > this.lastBookmark
				&& this.position <= this.store.revision()) {
			this.lastBookmark = this.position;
			JsonObject bookmark = Json.object("kind", this.type.kind(), "apiVersion", this.type.apiVersion(),
					"metadata", Json.object("resourceVersion", Long.toString(this.position)));
			this.type.blank().entrySet().forEach((entry) -> bookmark.add(entry.getKey(), entry.getValue()));
			send(output, "BOOKMARK", bookmark);
		}
	}

	private long nextBookmark() {
		long now = System.nanoTime();
		long last = this.deadline - BOOKMARK_BEFORE_END;
		long next = (last - now > 0) ? last : this.deadline;
		return Math.min(next, now + BOOKMARK_INTERVAL);
	}

	/**
	 * An object that comes into the selection is added, one that leaves it is deleted.
	 */
	private void send(OutputStream output, ObjectStore.Change change) throws IOException {
		if (!change.resource().isSame(this.type)) {
			return;
		}
		JsonObject previous = change.previous();
		boolean was = previous != null && this.selected.test(previous);
		boolean is = !change.type().equals("DELETED") && this.selected.test(change.object());
		if (was || is) {
			String event = !was ? "ADDED" : !is ? "DELETED" : "MODIFIED";
			send(output, event, this.type.view(change.object()));
		}
	}

	private void send(OutputStream output, String event, JsonObject object) throws IOException {
		if (this.silent) {
			return;
		}
		String line = Json.object("type", event, "object", object) + "\n";
		output.write(line.getBytes(StandardCharsets.UTF_8));
		output.flush();
	}

	/** How a watch is stopped. */
	public enum Stop {

		/** It ends as if its time were up. */
		END,
		/** An event tells the watcher to list again. */
		EXPIRE,
		/** The connection breaks. */
		CUT

	}

}
