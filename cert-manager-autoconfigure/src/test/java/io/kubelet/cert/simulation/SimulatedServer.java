package io.kubelet.cert.simulation;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.simulation.SigningObject.Watcher;
import io.kubelet.cert.simulation.SimulatedProcess.Moment;
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

	final Approver approver;

	/**
	 * Whether requests stay until those who made them delete them, as cert-manager's do.
	 */
	final boolean keepsRequests;

	private final World world;

	private final Map<String, SigningObject> objects = new LinkedHashMap<>();

	private final Set<String> names = new HashSet<>();

	/** How many requests were created. */
	int creates;

	/** How many of them had been created before, and deleted. */
	int recreations;

	/** How many were cleaned up before anybody had their certificate. */
	int cleanedUp;

	Mood mood = Mood.WELL;

	private int uids;

	SimulatedServer(World world, boolean keepsRequests) {
		this.world = world;
		this.approver = new Approver(world);
		this.keepsRequests = keepsRequests;
	}

	void approve(Approver.Mood mood) {
		this.approver.mood = mood;
		objects().stream().filter(SigningObject::isPending).forEach(this.approver::consider);
	}

	void become(Mood mood) {
		for (SigningObject object : (mood == Mood.DOWN) ? objects() : List.<SigningObject>of()) {
			drain(object, (watcher) -> watcher.answer().completeExceptionally(unavailable(object.request, null)));
		}
		this.mood = mood;
	}

	List<SigningObject> objects() {
		return List.copyOf(this.objects.values());
	}

	@Nullable SigningObject object(CertificateRequest request) {
		return this.objects.get(String.valueOf(request.name()));
	}

	/** Objects that nobody needs any more, and that should have been deleted. */
	List<String> leftBehind() {
		return this.keepsRequests ? this.objects.values()
			.stream()
			.filter((object) -> !object.remains && !object.owner.stores(object.request))
			.map(SigningObject::name)
			.toList() : List.of();
	}

	/**
	 * Answers a request.
	 * @param creates whether its object is created, or must be there
	 */
	CompletableFuture<List<X509Certificate>> request(SimulatedProcess process, ProcessScheduler life,
			CertificateRequest request, boolean creates, Consumer<SubmittedRequest> progress) {
		CompletableFuture<List<X509Certificate>> answer = new CompletableFuture<>();
		if (!process.diesNow(Moment.BEFORE_CREATION)) {
			this.world.time.schedule(() -> {
				if (!answer.isDone()) {
					answer(new Watcher(process, life, answer, progress, this.mood == Mood.SILENT), request, creates);
				}
			}, LATENCY);
		}
		return answer;
	}

	private void answer(Watcher watcher, CertificateRequest request, boolean creates) {
		CompletableFuture<?> answer = watcher.answer();
		switch (watcher.process().isCutOff() ? Mood.DOWN : this.mood) {
			case DOWN -> answer.completeExceptionally(unavailable(request, null));
			case BUSY -> answer.completeExceptionally(unavailable(request, RETRY_AFTER));
			case FORBIDS -> answer.completeExceptionally(RequestException.rejected(403, "Forbidden", "not allowed"));
			case REJECTS -> {
				// It may have been created, but its answer lost: the engine gives it up
				objects().forEach((object) -> object.abandoned |= request.uid() == null);
				answer.completeExceptionally(RequestException.rejected(422, "Invalid", "not valid"));
			}
			case LOSES_ANSWERS -> {
				find(watcher, request, creates);
				answer.completeExceptionally(unavailable(request, null));
			}
			case WELL, SILENT -> {
				SigningObject object = find(watcher, request, creates);
				if (!watcher.process().diesNow(Moment.AFTER_CREATION)) {
					watch(object, request, watcher);
				}
			}
		}
	}

	/** Creates it, or finds what has its name. */
	private @Nullable SigningObject find(Watcher creator, CertificateRequest request, boolean creates) {
		SigningObject object = object(request);
		if (object == null && creates && request.uid() == null) {
			object = new SigningObject("uid-" + this.uids++, this.world.now(), request, creator.process(),
					creator.life());
			creator.process().created(object);
			this.world.require(
					object.abandoned || objects().stream().noneMatch((other) -> other.isPending() && !other.abandoned),
					"a request is created while there is a pending one");
			this.creates++;
			this.recreations += this.names.add(object.name()) ? 0 : 1;
			add(object);
		}
		return object;
	}

	private void add(SigningObject object) {
		this.objects.put(object.name(), object);
		object.outcome.whenComplete((chain, failure) -> {
			object.answeredAt = this.world.now();
			cleanUp(object, KEPT_ANSWERED);
			tell(object);
		});
		this.approver.consider(object);
		cleanUp(object, KEPT_PENDING);
	}

	private void watch(@Nullable SigningObject object, CertificateRequest request, Watcher watcher) {
		if (object == null || (request.uid() != null && !request.uid().equals(object.uid))) {
			watcher.answer().completeExceptionally(gone(request));
		}
		else {
			watcher.progress().accept(object.submitted());
			object.watchers.add(watcher);
			tell(object);
		}
	}

	/** Deletes it after a while, unless it is answered meanwhile. */
	private void cleanUp(SigningObject object, Duration after) {
		boolean pending = object.isPending();
		if (!this.keepsRequests) {
			this.world.time.schedule(() -> {
				if (object.isPending() == pending) {
					this.cleanedUp += object.owner.stores(object.request) ? 1 : 0;
					delete(object);
				}
			}, after);
		}
	}

	/** Answers those who wait, unless it is still pending. */
	private void tell(SigningObject object) {
		if (!object.isPending()) {
			drain(object, (watcher) -> object.outcome.whenComplete((chain, failure) -> {
				if (failure != null) {
					watcher.answer().completeExceptionally(failure);
				}
				watcher.answer().complete(chain);
			}));
		}
	}

	/**
	 * Takes those who wait and can be reached. A connection may be dead without its
	 * client knowing.
	 */
	private static void drain(SigningObject object, Consumer<Watcher> answer) {
		List<Watcher> reached = object.watchers.stream()
			.filter((watcher) -> !watcher.silent() && !watcher.answer().isDone() && !watcher.process().isCutOff())
			.toList();
		object.watchers.removeAll(reached);
		reached.forEach(answer);
	}

	/** Tells a process what it missed. */
	void reconnected() {
		objects().forEach(this::tell);
	}

	void delete(SigningObject object) {
		this.objects.remove(object.name(), object);
		object.outcome.completeExceptionally(gone(object.request));
		tell(object);
	}

	/** Another one takes its name, with the same content: only the UID differs. */
	void replace(SigningObject object) {
		delete(object);
		SigningObject other = new SigningObject("uid-" + this.uids++, this.world.now(), object.request, object.owner,
				object.life);
		other.abandoned = true;
		other.remains = true;
		add(other);
	}

	/**
	 * Deletes what a process no longer needs, sooner or later if it lives on. The first
	 * deletion of a process deletes what is left of those that have died.
	 */
	CompletableFuture<?> discard(SimulatedProcess process, ProcessScheduler life, CertificateRequest request) {
		CompletableFuture<Object> done = new CompletableFuture<>();
		this.world.time.schedule(() -> discard(process, life, request, done), LATENCY);
		return done;
	}

	private void discard(SimulatedProcess process, ProcessScheduler life, CertificateRequest request,
			CompletableFuture<Object> done) {
		SigningObject object = object(request);
		boolean reached = !process.isCutOff() && this.mood != Mood.BUSY && this.mood != Mood.SILENT;
		if (object != null && !life.dead && this.mood == Mood.FORBIDS) {
			object.remains = true;
		}
		else if (object != null && reached && !life.dead
				&& (request.uid() == null || request.uid().equals(object.uid))) {
			this.world.require(!object.isWatched(process), "%s: is deleted while it is waited for", object.name());
			sweep(life, object);
			delete(object);
		}
		if (reached && this.mood != Mood.LOSES_ANSWERS) {
			done.complete(request);
		}
		else if (!life.dead) {
			this.world.time.schedule(() -> discard(process, life, request, done), Duration.ofMinutes(10));
		}
	}

	/** What a living process has left is not deleted for it, so that it is noticed. */
	private void sweep(ProcessScheduler life, SigningObject own) {
		if (!life.swept && own.answeredAt != null) {
			Instant old = own.answeredAt.minus(KEPT_ANSWERED);
			List<SigningObject> left = objects().stream()
				.filter((object) -> object != own && object.answeredAt != null && object.life.dead && !object.remains)
				.toList();
			life.swept = left.stream().allMatch((object) -> old.isAfter(object.answeredAt));
			left.stream().filter((object) -> old.isAfter(object.answeredAt)).forEach((object) -> {
				this.world.require(!object.owner.stores(object.request), "%s: is deleted while it is stored",
						object.name());
				delete(object);
			});
		}
	}

	/** The connections of a process end with it. */
	void disconnect(SimulatedProcess process) {
		this.objects.values().forEach((object) -> object.watchers.removeIf((watcher) -> watcher.process() == process));
	}

	private static RequestException unavailable(CertificateRequest request, @Nullable Duration retryAfter) {
		return RequestException.unavailable("Unavailable", "away", retryAfter, null);
	}

	private static RequestException gone(CertificateRequest request) {
		return RequestException.lost("Gone", "Request " + request.name() + " is gone");
	}

	enum Mood {

		WELL, DOWN, BUSY, FORBIDS, REJECTS, LOSES_ANSWERS, SILENT

	}

}
