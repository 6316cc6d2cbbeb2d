package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;

import org.jspecify.annotations.Nullable;

/**
 * A model of an API server with its approver and its signer. Calls take time on one of
 * its processors, wait for one in a queue, and are rejected if the queue is full. The
 * approver and the signer answer requests one after the other. Their calls take time,
 * too, but are not among those that are counted, and do not wait: they have a priority
 * level of their own.
 */
final class ControlPlane {

	/** On the way there and back. */
	private static final long LATENCY = 500;

	/** Kubernetes deletes what nobody has answered for a day, and looks each hour. */
	private static final Duration KEPT_PENDING = Duration.ofHours(24);

	private static final Duration CLEAN_UP = Duration.ofHours(1);

	/** The signer of Kubernetes backdates certificates. */
	private static final Duration BACKDATED = Duration.ofMinutes(5);

	/** It shortens longer lifetimes by as much. */
	private static final Duration SHORT_LIFETIME = Duration.ofHours(8);

	final Timeline timeline;

	final Load load;

	final Random random;

	private final Parameters parameters;

	private final Duration lifetime;

	/** When each processor is free again. */
	private final long[] free;

	/** When the calls that are being processed or wait are done, in this order. */
	private final Queue<Long> accepted = new ArrayDeque<>();

	private final Queue<RequestObject> unsigned = new ArrayDeque<>();

	private final Set<Watch> watches = new HashSet<>();

	private final Rejections rejections = new Rejections();

	private long keys;

	private int created;

	private boolean signing;

	/** Disturbances: what is away, and which part of writing calls fails. */
	boolean serverAway;

	boolean signerAway;

	boolean denying;

	double failing;

	int mostWatches;

	ControlPlane(Timeline timeline, Load load, Random random, Parameters parameters, Duration lifetime) {
		this.timeline = timeline;
		this.load = load;
		this.random = random;
		this.parameters = parameters;
		this.lifetime = lifetime;
		this.free = new long[parameters.processors()];
		timeline.in(Timeline.micros(CLEAN_UP), this::cleanUp);
	}

	/**
	 * Calls the API server.
	 * @param effect what the call does, at the server
	 * @param failed receives why nothing was done
	 */
	void call(Call call, Runnable effect, Consumer<Failure> failed) {
		long now = this.timeline.now();
		while (!this.accepted.isEmpty() && this.accepted.element() <= now) {
			this.accepted.remove();
		}
		Failure failure = this.serverAway ? Failure.UNREACHABLE : (this.accepted.size() >= this.parameters.queue())
				? Failure.busy(this.rejections.rejected(now / Timeline.SECOND))
				: (call.writes && this.failing > 0 && this.random.nextDouble() < this.failing) ? Failure.FAILING : null;
		this.load.called(now, call, failure);
		if (failure != null) {
			this.timeline.in(LATENCY, () -> failed.accept(failure));
			return;
		}
		long done = process(call);
		this.accepted.add(done);
		this.timeline.at(done + LATENCY, () -> {
			if (this.serverAway) {
				failed.accept(Failure.UNREACHABLE);
			}
			else {
				effect.run();
			}
		});
	}

	/** Returns when one of the processors is done with a call. */
	private long process(Call call) {
		int processor = 0;
		for (int other = 1; other < this.free.length; other++) {
			processor = (this.free[other] < this.free[processor]) ? other : processor;
		}
		long begin = Math.max(this.timeline.now(), this.free[processor]);
		this.free[processor] = begin + (long) (call.micros * this.parameters.slowness.applyAsDouble(this.created));
		return this.free[processor];
	}

	/** Returns a key that nobody has. */
	DatedCertificate.Key newKey() {
		return new DatedCertificate.Key(this.keys++);
	}

	/** The API server has created an object. */
	RequestObject create(Ownership owner, DatedCertificate.Key key) {
		RequestObject object = new RequestObject(owner, key, this.timeline.now());
		// Those that are answered are not looked for
		owner.objects.values().removeIf((earlier) -> !earlier.isPending());
		owner.objects.put(key, object);
		owner.pending++;
		owner.mostPending = Math.max(owner.mostPending, owner.pending);
		this.load.created();
		this.created++;
		if (this.denying) {
			this.timeline.in(this.parameters.signature(), () -> {
				process(Call.UPDATE);
				object.denied = true;
				ended(object);
			});
		}
		else {
			this.unsigned.add(object);
			sign();
		}
		return object;
	}

	/** The next one, if nothing prevents it. */
	private void sign() {
		if (this.signing || this.unsigned.isEmpty() || this.signerAway || this.serverAway) {
			return;
		}
		this.signing = true;
		this.timeline.in(this.parameters.signature(), () -> {
			this.signing = false;
			if (!this.signerAway && !this.serverAway) {
				RequestObject object = this.unsigned.remove();
				Duration latency = this.parameters.latency();
				if (latency != null) {
					this.timeline.in(Timeline.micros(latency), () -> signed(object));
				}
				else {
					// The approval and the status
					process(Call.UPDATE);
					process(Call.UPDATE);
					signed(object);
				}
			}
			sign();
		});
	}

	private void signed(RequestObject object) {
		object.certificate = issue(object.key, this.timeline.now());
		ended(object);
	}

	DatedCertificate issue(DatedCertificate.Key key, long now) {
		boolean shortened = this.lifetime.compareTo(SHORT_LIFETIME) >= 0;
		return new DatedCertificate(key, Timeline.instant(now).minus(BACKDATED),
				shortened ? this.lifetime : this.lifetime.plus(BACKDATED));
	}

	private void ended(RequestObject object) {
		object.owner.pending--;
		changed(object);
		if (object.owner.process != null) {
			changed(object.owner.process);
		}
	}

	/** Those that watch an object receive that. */
	void changed(Watched object) {
		for (Watch watch : List.copyOf(object.watches)) {
			this.timeline.in(LATENCY, () -> {
				if (object.watches.contains(watch)) {
					watch.changed.run();
				}
			});
		}
	}

	private void cleanUp() {
		long before = this.timeline.now() - Timeline.micros(KEPT_PENDING);
		while (!this.serverAway && !this.unsigned.isEmpty() && this.unsigned.element().createdAt < before) {
			RequestObject object = this.unsigned.remove();
			object.deleted = true;
			ended(object);
		}
		this.timeline.in(Timeline.micros(CLEAN_UP), this::cleanUp);
	}

	/** A watch has begun, for as long as the client has asked for. */
	Watch watch(Watched object, long micros, Runnable changed, Runnable timedOut, Runnable broken) {
		Watch watch = new Watch(object, changed, broken);
		this.watches.add(watch);
		this.mostWatches = Math.max(this.mostWatches, this.watches.size());
		object.watches.add(watch);
		this.timeline.in(micros, () -> {
			if (watch.end()) {
				timedOut.run();
			}
		});
		if (!object.isPending()) {
			// It has changed since it was created
			this.timeline.in(LATENCY, changed);
		}
		return watch;
	}

	void serverAway(boolean away) {
		this.serverAway = away;
		List<Watch> open = away ? new ArrayList<>(this.watches) : List.of();
		open.stream().filter(Watch::end).forEach((watch) -> watch.broken.run());
		Arrays.fill(this.free, this.timeline.now());
		sign();
	}

	/** Its store is restored to what it was before all requests that are pending. */
	void restore() {
		this.unsigned.forEach((object) -> {
			object.deleted = true;
			object.owner.pending--;
			object.owner.objects.remove(object.key);
		});
		this.unsigned.clear();
	}

	void signerAway(boolean away) {
		this.signerAway = away;
		sign();
	}

	/**
	 * What the control plane can do. The defaults were measured on a real API server.
	 *
	 * @param processors how many calls are processed at once
	 * @param queue how many calls are accepted at once, further ones are rejected
	 * @param signaturesPerSecond how many requests are answered
	 * @param slowness how many times as long each call takes as it was measured, after so
	 * many creations
	 * @param latency how long it takes until a request is approved and signed, beside
	 * that, with what the API server does for it, which then takes nobody else's time;
	 * {@code null} if it was not measured
	 */
	record Parameters(int processors, int queue, int signaturesPerSecond, IntToDoubleFunction slowness,
			@Nullable Duration latency) {

		/** Two processors, the queue of a priority level, the limit of a controller. */
		static final Parameters DEFAULT = new Parameters(2, 6_400, 20, (created) -> 1, null);

		/** The same without that limit, for more than 10,000 applications. */
		static final Parameters FAST_SIGNER = new Parameters(2, 6_400, 200, (created) -> 1, null);

		/**
		 * One call at a time, and none in a queue.
		 * @param creations how long a creation takes, in as many equal parts of all
		 */
		static Parameters ofOneSeat(List<Duration> creations, int all, Duration latency) {
			return new Parameters(1, 1, FAST_SIGNER.signaturesPerSecond, (created) -> {
				int part = Math.min(created * creations.size() / all, creations.size() - 1);
				return (double) Timeline.micros(creations.get(part)) / Call.CREATE.micros;
			}, latency);
		}

		long signature() {
			return Timeline.SECOND / this.signaturesPerSecond;
		}

	}

	/** What is called, and for how many microseconds it keeps a processor. */
	enum Call {

		CREATE(1_250, true), LIST(800, false), WATCH(2_200, false), UPDATE(1_800, true);

		private final long micros;

		private final boolean writes;

		Call(long micros, boolean writes) {
			this.micros = micros;
			this.writes = writes;
		}

	}

	/**
	 * Why a call fails.
	 *
	 * @param status of the response, 0 if there is none
	 * @param retryAfter how many seconds a server that is busy asks to wait
	 */
	record Failure(int status, int retryAfter) {

		static final Failure UNREACHABLE = new Failure(0, 0);

		static final Failure FAILING = new Failure(500, 0);

		static Failure busy(int retryAfter) {
			return new Failure(429, retryAfter);
		}

		boolean isBusy() {
			return this.status == 429;
		}

	}

	/** The certificate that requests are for, of one application or of replicas. */
	static final class Ownership {

		private final Map<DatedCertificate.Key, RequestObject> objects = new HashMap<>(2);

		/** What watches them all, {@code null} if each is watched. */
		final @Nullable Watched process;

		int pending;

		int mostPending;

		Ownership(@Nullable Watched process) {
			this.process = process;
		}

		/** Returns the object for a key, {@code null} if there is none. */
		@Nullable RequestObject find(DatedCertificate.Key key) {
			return this.objects.get(key);
		}

	}

	/** An object, and who watches it. */
	abstract static class Watched {

		private final List<Watch> watches = new ArrayList<>(1);

		/** Whether its first state is not its last. */
		boolean isPending() {
			return true;
		}

	}

	/** A CertificateSigningRequest. */
	static final class RequestObject extends Watched {

		final Ownership owner;

		final DatedCertificate.Key key;

		final long createdAt;

		@Nullable DatedCertificate certificate;

		boolean denied;

		boolean deleted;

		RequestObject(Ownership owner, DatedCertificate.Key key, long createdAt) {
			this.owner = owner;
			this.key = key;
			this.createdAt = createdAt;
		}

		@Override
		boolean isPending() {
			return this.certificate == null && !this.denied && !this.deleted;
		}

	}

	/** An open watch of one object. */
	final class Watch {

		private final Watched object;

		private final Runnable changed;

		private final Runnable broken;

		Watch(Watched object, Runnable changed, Runnable broken) {
			this.object = object;
			this.changed = changed;
			this.broken = broken;
		}

		/** Returns whether it was open. */
		boolean end() {
			this.object.watches.remove(this);
			return ControlPlane.this.watches.remove(this);
		}

	}

}
