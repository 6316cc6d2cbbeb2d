package io.kubelet.cert.test;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.resource.Issuers;
import io.kubelet.cert.test.resource.RequestType;

/**
 * Approves and signs requests of one type. Works on the thread of the control plane's
 * controllers.
 */
abstract class RequestController {

	private static final System.Logger LOGGER = System.getLogger(RequestController.class.getName());

	private final ObjectStore store;

	final RequestType type;

	final Issuers issuers;

	final Signer signer;

	final Behavior behavior;

	private final Approver approver;

	private final Clock clock;

	private final ScheduledExecutorService executor;

	/** The steps that are to be taken, each by what is done to which request. */
	private final Map<String, Future<?>> scheduled = new ConcurrentHashMap<>();

	/**
	 * Create a controller.
	 * @param clock gives the times of conditions, in whole seconds
	 */
	RequestController(ObjectStore store, RequestType type, Approver approver, Issuers issuers, Signer signer,
			Behavior behavior, Clock clock, ScheduledExecutorService executor) {
		this.store = store;
		this.type = type;
		this.issuers = issuers;
		this.signer = signer;
		this.behavior = behavior;
		this.approver = approver;
		this.clock = clock;
		this.executor = executor;
	}

	/** Whether the signer of a decided request works. */
	abstract boolean isSigned(JsonObject request);

	/** Sign or refuse a request that was decided about. */
	abstract void sign(JsonObject request);

	final void start() {
		this.store.onChange((change) -> {
			if (change.resource() == this.type && !change.type().equals("DELETED")) {
				handle(change.object());
			}
		});
	}

	/** Look at all requests again, under the settings of now. */
	final void reviewAll() {
		this.scheduled.values().forEach((step) -> step.cancel(false));
		this.scheduled.clear();
		this.store.list(this.type, "").items().forEach(this::handle);
	}

	private void handle(JsonObject request) {
		if (!this.type.isPending(request)) {
			return;
		}
		if (!isDecided(request)) {
			later("review", request, Duration.ZERO, this::review);
		}
		else if (isSigned(request)) {
			later("sign", request, this.behavior.signingDelay(), this::sign);
		}
	}

	private void later(String step, JsonObject request, Duration delay, Consumer<JsonObject> task) {
		String namespace = namespace(request);
		String name = name(request);
		this.scheduled.computeIfAbsent(step + " " + namespace + "/" + name, (key) -> this.executor.schedule(() -> {
			this.scheduled.remove(key);
			JsonObject current = this.store.find(this.type, namespace, name);
			if (current != null && this.type.isPending(current)) {
				attempt(key, () -> task.accept(current));
			}
		}, delay.toNanos(), TimeUnit.NANOSECONDS));
	}

	private static void attempt(String step, Runnable task) {
		try {
			task.run();
		}
		catch (ApiFailure ex) {
			// Deleted in the meantime
		}
		catch (RuntimeException | Error ex) {
			LOGGER.log(System.Logger.Level.ERROR, "The step \"" + step + "\" of the embedded control plane failed", ex);
		}
	}

	private void review(JsonObject request) {
		ApprovalPolicy.Verdict verdict = this.approver.review(this.type, request);
		switch (verdict.decision()) {
			case APPROVE -> decide(request, "Approved", verdict.reason(), verdict.message());
			case DENY -> decide(request, "Denied", verdict.reason(), verdict.message());
			default -> {
			}
		}
	}

	/** The names of the requests of a kind. */
	final List<String> names(Predicate<JsonObject> filter) {
		return this.store.list(this.type, "").items().stream().filter(filter).map(RequestController::name).toList();
	}

	final List<String> pendingNames() {
		return names(this.type::isPending);
	}

	/**
	 * Add a condition, unless the request has it or is decided about already.
	 * @throws ApiFailure 404 when there is no such request
	 */
	final void decide(String name, String condition, String reason, String message) {
		decide(request(name), condition, reason, message);
	}

	private void decide(JsonObject request, String condition, String reason, String message) {
		change(request, (object) -> {
			boolean decided = List.of("Approved", "Denied").contains(condition) && isDecided(object);
			if (!decided && this.type.isPending(object)) {
				this.type.decide(object, condition, reason, message, now());
			}
		});
	}

	final void change(JsonObject request, Consumer<JsonObject> change) {
		this.store.update(this.type, namespace(request), name(request), (object) -> {
			change.accept(object);
			return object;
		});
	}

	final void delete(String name) {
		JsonObject request = request(name);
		this.store.delete(this.type, namespace(request), name, "");
	}

	final String now() {
		return this.clock.instant().toString();
	}

	final boolean has(String name) {
		return names((request) -> name(request).equals(name)).contains(name);
	}

	private JsonObject request(String name) {
		return this.store.list(this.type, "")
			.items()
			.stream()
			.filter((request) -> name(request).equals(name))
			.findFirst()
			.orElseThrow(() -> ApiFailure.notFound(this.type, name));
	}

	private static boolean isDecided(JsonObject request) {
		return RequestType.has(request, "Approved") || RequestType.has(request, "Denied");
	}

	private static String namespace(JsonObject request) {
		return Json.text(request, "metadata", "namespace");
	}

	static String name(JsonObject request) {
		return Json.text(request, "metadata", "name");
	}

}
