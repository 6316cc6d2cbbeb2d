package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.simulation.SigningObject.State;
import io.kubelet.cert.simulation.SigningObject.Watcher;
import io.kubelet.cert.simulation.SimulatedCertificate.Death;
import org.jspecify.annotations.Nullable;

/**
 * An API server with its clean-up, as one of its clients meets it. It knows nothing of
 * the engine but the port.
 */
final class SimulatedServer {

	static final Duration RETRY_AFTER = Duration.ofMinutes(20);

	private static final Duration LATENCY = Duration.ofMillis(100);

	private static final Duration KEPT_PENDING = Duration.ofHours(24);

	private static final Duration KEPT_ANSWERED = Duration.ofHours(1);

	private final World world;

	/**
	 * Whether requests stay until those who made them delete them, as cert-manager's do.
	 */
	private final boolean keepsRequests;

	private final Approver approver;

	private final Map<String, SigningObject> objects = new LinkedHashMap<>();

	private Mood mood = Mood.WELL;

	private int uids;

	SimulatedServer(World world, Duration lifetime, boolean keepsRequests) {
		this.world = world;
		this.keepsRequests = keepsRequests;
		this.approver = new Approver(world, lifetime, this::decided);
	}

	boolean keepsRequests() {
		return this.keepsRequests;
	}

	Approver approver() {
		return this.approver;
	}

	Mood mood() {
		return this.mood;
	}

	void become(Mood mood) {
		this.mood = mood;
		if (mood == Mood.DOWN) {
			objects().forEach((object) -> drain(object)
				.forEach((watcher) -> watcher.answer().completeExceptionally(unavailable(object.request, null))));
		}
	}

	List<SigningObject> objects() {
		return List.copyOf(this.objects.values());
	}

	CompletableFuture<List<X509Certificate>> request(SimulatedCertificate owner, CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		CompletableFuture<List<X509Certificate>> answer = new CompletableFuture<>();
		if (owner.diesNow(Death.BEFORE_CREATION)) {
			return answer;
		}
		this.world.time().schedule(() -> {
			if (!answer.isDone()) {
				answer(owner, request, progress, answer);
			}
		}, LATENCY);
		return answer;
	}

	private void answer(SimulatedCertificate owner, CertificateRequest request, Consumer<SubmittedRequest> progress,
			CompletableFuture<List<X509Certificate>> answer) {
		switch (this.mood) {
			case DOWN -> answer.completeExceptionally(unavailable(request, null));
			case BUSY -> answer.completeExceptionally(unavailable(request, RETRY_AFTER));
			case FORBIDS -> answer
				.completeExceptionally(RequestException.rejected(request.name(), 403, "Forbidden", "not allowed"));
			case REJECTS -> {
				abandonUnlessConfirmed(request);
				answer.completeExceptionally(RequestException.rejected(request.name(), 422, "Invalid", "not valid"));
			}
			case LOSES_ANSWERS -> {
				find(owner, request);
				answer.completeExceptionally(unavailable(request, null));
			}
			case WELL, SILENT -> {
				SigningObject object = find(owner, request);
				if (!owner.diesNow(Death.AFTER_CREATION)) {
					watch(object, request, progress, answer);
				}
			}
		}
	}

	/**
	 * A creation is rejected before it is seen that the object is there: if its answer
	 * was lost, the engine cannot know of it.
	 */
	private void abandonUnlessConfirmed(CertificateRequest request) {
		SigningObject object = this.objects.get(String.valueOf(request.name()));
		if (object != null && request.uid() == null) {
			object.abandoned = true;
		}
	}

	/** Create it, or find what has its name. */
	private SigningObject find(SimulatedCertificate owner, CertificateRequest request) {
		String name = String.valueOf(request.name());
		SigningObject object = this.objects.get(name);
		if (object != null || request.uid() != null) {
			return (object != null) ? object : new SigningObject("none", Instant.EPOCH, request, owner);
		}
		SigningObject created = new SigningObject("uid-" + this.uids++, this.world.now(), request, owner);
		owner.created(created);
		this.objects.put(name, created);
		this.approver.consider(created);
		cleanUp(created, KEPT_PENDING);
		return created;
	}

	private void watch(SigningObject object, CertificateRequest request, Consumer<SubmittedRequest> progress,
			CompletableFuture<List<X509Certificate>> answer) {
		if (request.uid() != null && !request.uid().equals(object.uid)) {
			answer.completeExceptionally(gone(object));
		}
		else if (!object.request.publicKey().equals(request.publicKey())) {
			answer.completeExceptionally(RequestException.lost(object.name(), "AlreadyExists", "another key"));
		}
		else {
			progress.accept(object.submitted());
			object.watchers.add(new Watcher(answer, progress, this.mood == Mood.SILENT));
			tell(object);
		}
	}

	private void decided(SigningObject object) {
		cleanUp(object, KEPT_ANSWERED);
		tell(object);
	}

	/** Deletes it after a while, unless its state is another one then. */
	private void cleanUp(SigningObject object, Duration after) {
		State state = object.state;
		if (!this.keepsRequests) {
			this.world.time().schedule(() -> {
				if (object.state == state) {
					delete(object);
				}
			}, after);
		}
	}

	/** Let those who wait know, unless it is still open. */
	private void tell(SigningObject object) {
		if (object.isOpen()) {
			return;
		}
		for (Watcher watcher : drain(object)) {
			if (object.state != State.GONE) {
				watcher.progress().accept(object.submitted());
			}
			switch (object.state) {
				case ISSUED -> watcher.answer().complete(object.chain);
				case REFUSED -> watcher.answer().completeExceptionally(object.refusal);
				default -> watcher.answer().completeExceptionally(gone(object));
			}
		}
	}

	/** Those who wait, but for those whose connection is dead without their knowing. */
	private static List<Watcher> drain(SigningObject object) {
		List<Watcher> told = new ArrayList<>(object.watchers);
		told.removeIf((watcher) -> watcher.silent() || watcher.answer().isDone());
		object.watchers.removeAll(told);
		return told;
	}

	void delete(SigningObject object) {
		this.objects.remove(object.name(), object);
		object.state = State.GONE;
		tell(object);
	}

	/**
	 * Deletes what its owner no longer needs.
	 * @return whether it is of no use to try again
	 */
	boolean isDeleted(CertificateRequest request) {
		SigningObject object = this.objects.get(request.name());
		boolean found = object != null && (request.uid() == null || request.uid().equals(object.uid));
		if (this.mood == Mood.FORBIDS) {
			remains(request);
			return true;
		}
		if (object != null && found && this.mood != Mood.DOWN && this.mood != Mood.BUSY) {
			this.world.require(!isWatched(object), "%s: is deleted while it is waited for", object.name());
			delete(object);
		}
		return this.mood != Mood.DOWN && this.mood != Mood.BUSY && this.mood != Mood.LOSES_ANSWERS;
	}

	/** Nobody will delete the object of a request. */
	void remains(CertificateRequest request) {
		SigningObject object = this.objects.get(request.name());
		if (object != null) {
			object.remains = true;
		}
	}

	/** Another one takes its name, with the same content: only the UID differs. */
	void replace(SigningObject object) {
		delete(object);
		SigningObject other = new SigningObject("uid-" + this.uids++, this.world.now(), object.request, object.owner);
		other.abandoned = true;
		other.remains = true;
		this.objects.put(other.name(), other);
		this.approver.consider(other);
		cleanUp(other, KEPT_PENDING);
	}

	/** The connections of a process end with it. */
	void disconnect(SimulatedCertificate owner) {
		objects().stream().filter((object) -> object.owner == owner).forEach((object) -> object.watchers.clear());
	}

	/** Whether anyone is still waited for on behalf of a certificate. */
	boolean isWatched(SimulatedCertificate owner) {
		return this.objects.values().stream().anyMatch((object) -> object.owner == owner && isWatched(object));
	}

	private static boolean isWatched(SigningObject object) {
		return object.watchers.stream().anyMatch((watcher) -> !watcher.answer().isDone());
	}

	private static RequestException unavailable(CertificateRequest request, @Nullable Duration retryAfter) {
		return RequestException.unavailable(request.name(), "Unavailable", "away", retryAfter, null);
	}

	private static RequestException gone(SigningObject object) {
		return RequestException.lost(object.name(), "Gone", "Request " + object.name() + " is gone");
	}

	enum Mood {

		WELL, DOWN, BUSY, FORBIDS, REJECTS, LOSES_ANSWERS, SILENT

	}

}
