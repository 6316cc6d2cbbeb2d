package io.kubelet.cert.test;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.pki.SigningRequest;
import io.kubelet.cert.test.resource.CertificateSigningRequests;

/**
 * Does what kube-controller-manager does about certificate signing requests: approve,
 * sign, clean up. Works on one thread of its own.
 */
final class Controllers {

	private static final System.Logger LOGGER = System.getLogger(Controllers.class.getName());

	private static final Duration KEPT_WHEN_DECIDED = Duration.ofHours(1);

	private static final Duration KEPT_WHEN_OPEN = Duration.ofHours(24);

	private final ObjectStore store;

	private final ResourceType type;

	private final Approver approver;

	private final Signer signer;

	private final Behavior behavior;

	private final Clock clock;

	private final ScheduledExecutorService executor;

	/** The steps that are to be taken, each by what is done to which request. */
	private final Map<String, Future<?>> scheduled = new ConcurrentHashMap<>();

	Controllers(ObjectStore store, ResourceType type, Approver approver, Signer signer, Behavior behavior, Clock clock,
			ScheduledExecutorService executor) {
		this.store = store;
		this.type = type;
		this.approver = approver;
		this.signer = signer;
		this.behavior = behavior;
		this.clock = clock;
		this.executor = executor;
	}

	void start() {
		this.store.onChange((change) -> {
			if (change.resource() == this.type && !change.type().equals("DELETED")) {
				handle(change.object());
			}
		});
		this.executor.scheduleWithFixedDelay(this::cleanUp, 1, 1, TimeUnit.MINUTES);
	}

	/** Look at all requests again, under the settings of now. */
	void reviewAll() {
		this.scheduled.values().forEach((step) -> step.cancel(false));
		this.scheduled.clear();
		this.store.list(this.type, "").items().forEach(this::handle);
	}

	private void handle(JsonObject request) {
		if (!CertificateSigningRequests.isOpen(request)) {
			return;
		}
		String name = Json.text(request, "metadata", "name");
		if (!CertificateSigningRequests.has(request, "Approved")) {
			later(name, "review", this.behavior.approvalDelay(), () -> review(name));
		}
		else if (this.signer.isResponsibleFor(Json.text(request, "spec", "signerName"))) {
			later(name, "sign", this.behavior.signingDelay(), () -> sign(name));
		}
	}

	private void later(String name, String step, Duration delay, Runnable task) {
		try {
			this.scheduled.computeIfAbsent(step + " " + name, (key) -> this.executor.schedule(() -> {
				this.scheduled.remove(key);
				attempt(key, task);
			}, delay.toNanos(), TimeUnit.NANOSECONDS));
		}
		catch (RejectedExecutionException ex) {
			// The control plane is closed
		}
	}

	private static void attempt(String step, Runnable task) {
		try {
			task.run();
		}
		catch (RuntimeException ex) {
			LOGGER.log(System.Logger.Level.WARNING, "The step \"" + step + "\" of the embedded control plane failed",
					ex);
		}
	}

	private void review(String name) {
		JsonObject request = this.store.find(this.type, "", name);
		if (request == null || !CertificateSigningRequests.isOpen(request)
				|| CertificateSigningRequests.has(request, "Approved")) {
			return;
		}
		ApprovalPolicy.Verdict verdict = this.approver.review(request);
		switch (verdict.decision()) {
			case APPROVE -> addCondition(name, "Approved", verdict.reason(), verdict.message());
			case DENY -> addCondition(name, "Denied", verdict.reason(), verdict.message());
			default -> {
			}
		}
	}

	private void sign(String name) {
		JsonObject request = this.store.find(this.type, "", name);
		if (request == null || !CertificateSigningRequests.isOpen(request)
				|| !CertificateSigningRequests.has(request, "Approved")) {
			return;
		}
		String refusal = Signer.refusal(Json.text(request, "spec", "signerName"), SigningRequest.of(request),
				Json.texts(request, "spec", "usages"));
		if (!refusal.isEmpty()) {
			addCondition(name, "Failed", "SignerValidationFailure", refusal);
			return;
		}
		String certificate = Pem.encode(this.signer.sign(request));
		change(name, (object) -> object.getAsJsonObject("status").addProperty("certificate", certificate));
	}

	/** The names of the requests of a kind. */
	List<String> names(Predicate<JsonObject> filter) {
		return this.store.list(this.type, "")
			.items()
			.stream()
			.filter(filter)
			.map((request) -> Json.text(request, "metadata", "name"))
			.toList();
	}

	/**
	 * Decide from outside.
	 * @throws IllegalArgumentException if there is no such request
	 */
	void decide(String name, String condition, String reason, String message) {
		outside(() -> addCondition(name, condition, reason, message));
	}

	/**
	 * Delete from outside.
	 * @throws IllegalArgumentException if there is no such request
	 */
	void delete(String name) {
		outside(() -> this.store.delete(this.type, "", name, (object) -> {
		}));
	}

	private static void outside(Runnable action) {
		try {
			action.run();
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * Add a condition, where the request has not got it.
	 * @throws ApiFailure 404 when there is no such request
	 */
	private void addCondition(String name, String condition, String reason, String message) {
		String now = this.clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
		this.store.update(this.type, "", name, (object) -> {
			boolean decision = !condition.equals("Failed");
			boolean decided = CertificateSigningRequests.has(object, "Approved")
					|| CertificateSigningRequests.has(object, "Denied");
			if (CertificateSigningRequests.has(object, condition) || (decision && decided)) {
				return object;
			}
			JsonObject status = object.getAsJsonObject("status");
			JsonArray conditions = (status.get("conditions") instanceof JsonArray array) ? array : new JsonArray();
			conditions.add(Json.object("type", condition, "status", "True", "reason", reason, "message", message,
					"lastUpdateTime", now, "lastTransitionTime", now));
			JsonElement certificate = status.remove("certificate");
			status.add("conditions", conditions);
			if (certificate != null) {
				status.add("certificate", certificate);
			}
			return object;
		});
	}

	private void change(String name, java.util.function.Consumer<JsonObject> change) {
		try {
			this.store.update(this.type, "", name, (object) -> {
				change.accept(object);
				return object;
			});
		}
		catch (ApiFailure ex) {
			// Deleted in the meantime
		}
	}

	/** Remove what was decided or left alone long ago. */
	void cleanUp() {
		Instant now = this.clock.instant();
		for (JsonObject request : this.store.list(this.type, "").items()) {
			boolean old = age(Json.text(request, "metadata", "creationTimestamp"),
					now)
				.compareTo(KEPT_WHEN_OPEN) > 0
					|| Json.list(request, "status", "conditions")
						.stream()
						.anyMatch((condition) -> age(Json.text(condition, "lastUpdateTime"), now)
							.compareTo(KEPT_WHEN_DECIDED) > 0 && isFinal(request, Json.text(condition, "type")));
			if (old) {
				this.store.delete(this.type, "", Json.text(request, "metadata", "name"), (object) -> {
				});
			}
		}
	}

	private static boolean isFinal(JsonObject request, String condition) {
		return !condition.equals("Approved") || CertificateSigningRequests.isIssued(request);
	}

	private static Duration age(String since, Instant now) {
		return since.isEmpty() ? Duration.ZERO : Duration.between(Instant.parse(since), now);
	}

}
