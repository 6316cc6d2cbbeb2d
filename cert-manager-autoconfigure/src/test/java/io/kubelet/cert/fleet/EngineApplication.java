package io.kubelet.cert.fleet;

import java.net.ConnectException;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Failure;
import io.kubelet.cert.fleet.ControlPlane.Ownership;
import io.kubelet.cert.fleet.ControlPlane.RequestObject;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.core.Decision;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Look;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Resume;
import io.kubelet.cert.rotation.core.Decision.Step;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Decision.Withdraw;
import io.kubelet.cert.rotation.core.Decisions;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.Policy;
import io.kubelet.cert.rotation.core.Policy.Asked;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.Transitions;
import io.kubelet.cert.rotation.core.Transitions.Event;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * An application that uses the starter: its state, decisions, deadlines and waits are
 * those of the engine. Only what the engine's shell does with threads and sockets is done
 * with events here: to carry out what is decided, and to watch.
 */
final class EngineApplication extends Application {

	static final String NAME = "shop";

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject(NAME);

	private static final KeySpecification KEY = KeySpecification.EC_P256;

	private static final Asked ASKED = new Asked(Signer.of("example.com/shop"), List.of(Usage.CLIENT_AUTH), null, KEY);

	private static final Policy FILES = policy(false);

	private static final Policy SECRET = policy(true);

	private static final Map<Failure, RequestException> FAILURES = new ConcurrentHashMap<>();

	private final Policy policy;

	private final long clockOffset;

	private final Store store;

	private State state;

	/** The number of the last attempt, which everything that comes for it repeats. */
	private int attempt;

	/** When the attempt has waited long enough. */
	private long timeout;

	/** When it looks again what there is to do. */
	private long timer;

	/** What waits until the store has answered, {@code null} if nothing is written. */
	private @Nullable Queue<Runnable> deferred;

	private @Nullable RequestObject object;

	private final Watches watches;

	/**
	 * Creates an application.
	 * @param secret which replicas share, {@code null} if it is alone
	 */
	EngineApplication(ControlPlane plane, Ownership owner, Tally tally, Duration clockOffset,
			Store.@Nullable Secret secret, Watches watches) {
		super(plane, owner, tally);
		this.watches = watches;
		this.policy = (secret != null) ? SECRET : FILES;
		this.clockOffset = Timeline.micros(clockOffset);
		this.store = (secret != null) ? secret.new Replica(this::reconcile) : new Store.Files(Reading.NOTHING);
		this.state = initial();
	}

	private static Policy policy(boolean shared) {
		return new Policy(false, false, shared, "store", ASKED, RotationWindow.KUBELET, false, Duration.ofMinutes(15),
				RetrySchedule.KUBELET);
	}

	static RequestException failure(Failure failure) {
		return FAILURES.computeIfAbsent(failure, EngineApplication::translated);
	}

	private static RequestException translated(Failure failure) {
		Map<String, List<String>> headers = failure.isBusy()
				? Map.of("retry-after", List.of(Integer.toString(failure.retryAfter()))) : Map.of();
		ApiException exception = (failure.status() == 0) ? new ApiException(new ConnectException("Connection refused"))
				: new ApiException(failure.status(), headers, "{\"kind\":\"Status\",\"message\":\"The call fails\"}");
		return new ApiFailures("https://10.96.0.1").translate(exception, null);
	}

	private State initial() {
		return Transitions.start(this.policy, this.store.read(), TEMPLATE, null, false, now(), random());
	}

	private Instant now() {
		return Timeline.instant(this.plane.timeline.now() + this.clockOffset);
	}

	private double random() {
		return this.plane.random.nextDouble();
	}

	@Override
	void start(@Nullable DatedCertificate stored) {
		this.store.start();
		if (stored != null) {
			this.store.write(this.store.read(), next(pair(stored), null), (reading) -> {
			}, (failure) -> {
			});
		}
		this.certificate = stored;
		this.state = initial();
		this.watches.run(this::reconcile);
	}

	@Override
	void rotate() {
		on(Transitions::demanded);
		this.watches.run(this::reconcile);
	}

	@Override
	boolean isDue() {
		return !this.state.deadline(now()).isAfter(now());
	}

	/** Something has happened. What an attempt waits for ends with it. */
	private void on(Event event) {
		CertificatePair before = this.state.pair();
		this.state = Transitions.after(this.state, event, now(), random());
		if (this.state.attempt() == null) {
			this.watches.end();
			this.attempt++;
		}
		CertificatePair pair = this.state.pair();
		if (pair != null && pair != before) {
			use((DatedCertificate) pair.leaf());
		}
	}

	/** Something that has come for an attempt, unless that is over. */
	private void on(int attempt, Runnable event) {
		this.watches.run(() -> received(attempt, event));
	}

	private void received(int attempt, Runnable event) {
		if (this.deferred != null) {
			this.deferred.add(() -> received(attempt, event));
		}
		else if (this.attempt == attempt) {
			event.run();
			reconcile();
		}
	}

	private void reconcile() {
		if (this.deferred != null) {
			return;
		}
		on((next) -> next.observed(this.store.read(), TEMPLATE, null, false));
		Decision decision = Decisions.decide(this.state, now());
		while (decision instanceof Step step) {
			on(step);
			carryOut(step);
			if (this.deferred != null) {
				// It goes on when the store has answered
				return;
			}
			decision = Decisions.decide(this.state, now());
		}
		Instant until = ((Wait) decision).until();
		long next = until.isBefore(Instant.MAX) ? Timeline.micros(until) - this.clockOffset : Long.MAX_VALUE;
		schedule((this.state.attempt() != null) ? Math.min(next, this.timeout) : next);
	}

	private void schedule(long at) {
		if (at != this.timer) {
			this.timer = at;
			this.plane.timeline.at(at, () -> this.watches.run(() -> due(at)));
		}
	}

	private void due(long at) {
		if (this.timer == at) {
			this.timer = 0;
			if (this.state.attempt() != null && at >= this.timeout && this.deferred == null) {
				on(Transitions::timedOut);
			}
			reconcile();
		}
	}

	private void carryOut(Step step) {
		if (step instanceof Request) {
			PendingRequest request = create();
			write(next(this.state.stored().pair(), request), (reading) -> {
				on((next) -> next.created(request, reading));
				send();
			}, (failure) -> on((failure instanceof ConflictException) ? Transitions::conflicted : new Fail(failure)));
		}
		else if (step instanceof Resume) {
			send();
		}
		else if (step instanceof Withdraw withdraw && this.state.stored().holds(withdraw.request())) {
			write(next(this.state.stored().pair(), null),
					(reading) -> on((next) -> next.withdrawn(withdraw.request(), reading)),
					(failure) -> on((next) -> next.withdrawn(withdraw.request(), this.state.stored())));
		}
		else if (step instanceof Withdraw withdraw) {
			on((next) -> next.withdrawn(withdraw.request(), this.state.stored()));
		}
		else if (step instanceof Look && this.object != null) {
			int attempt = this.attempt;
			RequestObject object = this.object;
			this.watches.call(Call.LIST, () -> on(attempt, () -> changed(object)), (failure) -> {
			});
		}
	}

	private void write(Reading next, Consumer<Reading> written, Consumer<StoreException> failed) {
		this.watches.write();
		Queue<Runnable> deferred = new ArrayDeque<>();
		this.deferred = deferred;
		this.store.write(this.state.stored(), next, (reading) -> stored(deferred, () -> written.accept(reading)),
				(failure) -> stored(deferred, () -> failed.accept(failure)));
	}

	private void stored(Queue<Runnable> deferred, Runnable action) {
		this.deferred = null;
		action.run();
		reconcile();
		deferred.forEach(Runnable::run);
	}

	/** What is to be stored. */
	private Reading next(@Nullable CertificatePair pair, @Nullable PendingRequest pending) {
		Reading last = this.store.read();
		Instant deadline = (pair != null && !pair.equals(last.pair()) && this.policy.shared())
				? this.policy.deadline(pair, null, random()) : last.content().deadline();
		return new Reading(new Stored(pair, pending, deadline, this.plane.newKey()), null, null);
	}

	private static CertificatePair pair(DatedCertificate certificate) {
		DatedCertificate.Key key = (DatedCertificate.Key) certificate.getPublicKey();
		return CertificatePair.of(List.of(certificate), new KeyPair(key, key));
	}

	private PendingRequest create() {
		DatedCertificate.Key key = this.plane.newKey();
		CertificatePair replaced = this.state.pair();
		CertificateRequest request = new CertificateRequest(name(key), null, null, TEMPLATE, ASKED.signer(),
				ASKED.usages(), null, "", key);
		return new PendingRequest(request, key, KEY, (replaced != null) ? replaced.serialNumber() : null);
	}

	private static String name(DatedCertificate.Key key) {
		return "csr-" + key.number();
	}

	private void send() {
		int attempt = ++this.attempt;
		this.timeout = this.plane.timeline.now() + Timeline.micros(this.policy.waitTimeout());
		Pending pending = Objects.requireNonNull(this.state.pending());
		DatedCertificate.Key key = (DatedCertificate.Key) pending.request().privateKey();
		this.object = null;
		boolean joins = switch (pending.stage()) {
			case FOUND, THEIRS, MISSED -> true;
			default -> pending.request().request().uid() != null;
		};
		this.watches.call(joins ? Call.LIST : Call.CREATE,
				() -> found(attempt, joins ? this.owner.find(key) : this.plane.create(this.owner, key)),
				(failure) -> fail(attempt, failure(failure)));
	}

	private void fail(int attempt, RequestException failure) {
		on(attempt, () -> on(new Fail(failure)));
	}

	private void found(int attempt, @Nullable RequestObject object) {
		if (this.attempt != attempt) {
			return;
		}
		if (object == null) {
			fail(attempt, RequestException.lost("Gone", "The request is gone"));
			return;
		}
		this.object = object;
		on(attempt, () -> changed(object));
		if (object.isPending()) {
			this.watches.watch(object, () -> watched(attempt, object), () -> on(attempt,
					() -> on((next) -> next.submitted(submitted(object, "The API server cannot be reached")))));
		}
	}

	/** What the watch misses is looked for once. */
	private void watched(int attempt, RequestObject object) {
		if (!object.deleted) {
			on(attempt, () -> changed(object));
		}
		else if (this.object == object) {
			this.object = null;
			this.watches.call(Call.LIST, () -> found(attempt, this.owner.find(object.key)),
					(failure) -> fail(attempt, failure(failure)));
		}
	}

	/** Takes an answer. */
	private void changed(RequestObject object) {
		on((next) -> next.submitted(submitted(object, "")));
		if (object.deleted) {
			on(new Fail(RequestException.lost("Gone", "The request is gone")));
		}
		else if (object.denied) {
			on(new Fail(RequestException.denied(name(object.key), ASKED.signer(), "Denied", "")));
		}
		else if (object.certificate != null && now().isAfter(object.certificate.getNotAfter().toInstant())) {
			on(new Fail(RequestException.refused(name(object.key), ASKED.signer(), List.of("it has expired"))));
		}
		else if (object.certificate != null) {
			issued(Objects.requireNonNull(this.state.pending()).request(), pair(object.certificate));
		}
	}

	private void issued(PendingRequest request, CertificatePair pair) {
		write(next(pair, this.policy.shared() ? null : request),
				(reading) -> on((next) -> next.issued(pair, List.of(), reading)),
				(failure) -> on((failure instanceof ConflictException) ? Transitions::overtaken : new Fail(failure)));
	}

	private static SubmittedRequest submitted(RequestObject object, String interruption) {
		return new SubmittedRequest(name(object.key), "", "uid-" + object.key.number(),
				Timeline.instant(object.createdAt), List.of(), "", List.of(), interruption);
	}

	@Override
	void storeFails(boolean fails) {
		((Store.Files) this.store).failing = fails;
	}

}
