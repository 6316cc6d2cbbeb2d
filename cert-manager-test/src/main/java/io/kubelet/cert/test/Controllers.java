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

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.resource.CertificateSigningRequests;

/**
 * Does what kube-controller-manager does about certificate signing requests: approve and
 * sign. Works on one thread of its own.
 */
final class Controllers {

	private static final System.Logger LOGGER = System.getLogger(Controllers.class.getName());

	private final ObjectStore store;

	private final ResourceType type;

	private final Approver approver;

	private final Signer signer;

	private final Behavior behavior;

	private final Clock clock;

	private final ScheduledExecutorService executor;

	/** The steps that are to be taken, each by what is done to which request. */
	private final Map<String, Future<?>> scheduled = new ConcurrentHashMap<>();

	/**
	 * Create the controllers.
	 * @param clock gives the times of conditions, in whole seconds
	 */
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
		if (!CertificateSigningRequests.has(request, "Approved")) {
			later("review", request, Duration.ZERO, this::review);
		}
		else if (this.signer.isResponsibleFor(Json.text(request, "spec", "signerName"))) {
			later("sign", request, this.behavior.signingDelay(), this::sign);
		}
	}

	private void later(String step, JsonObject request, Duration delay, Consumer<JsonObject> task) {
		String name = Json.text(request, "metadata", "name");
		this.scheduled.computeIfAbsent(step + " " + name, (key) -> this.executor.schedule(() -> {
			this.scheduled.remove(key);
			JsonObject current = this.store.find(this.type, "", name);
			if (current != null && CertificateSigningRequests.isOpen(current)) {
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
		catch (RuntimeException ex) {
			LOGGER.log(System.Logger.Level.WARNING, "The step \"" + step + "\" of the embedded control plane failed",
					ex);
		}
	}

	private void review(JsonObject request) {
		if (CertificateSigningRequests.has(request, "Approved")) {
			return;
		}
		String name = Json.text(request, "metadata", "name");
		ApprovalPolicy.Verdict verdict = this.approver.review(request);
		switch (verdict.decision()) {
			case APPROVE -> decide(name, "Approved", verdict.reason(), verdict.message());
			case DENY -> decide(name, "Denied", verdict.reason(), verdict.message());
			default -> {
			}
		}
	}

	private void sign(JsonObject request) {
		String name = Json.text(request, "metadata", "name");
		String refusal = Signer.refusal(Json.text(request, "spec", "signerName"),
				CertificateSigningRequests.requested(request), Json.texts(request, "spec", "usages"));
		if (!refusal.isEmpty()) {
			decide(name, "Failed", "SignerValidationFailure", refusal);
			return;
		}
		String certificate = Pem.encode(this.signer.sign(request));
		this.store.update(this.type, "", name, (object) -> {
			object.getAsJsonObject("status").addProperty("certificate", certificate);
			return object;
		});
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
	 * Add a condition, unless the request has got it or is decided about already.
	 * @throws ApiFailure 404 when there is no such request
	 */
	void decide(String name, String condition, String reason, String message) {
		String now = this.clock.instant().toString();
		this.store.update(this.type, "", name, (object) -> {
			boolean decided = !condition.equals("Failed") && (CertificateSigningRequests.has(object, "Approved")
					|| CertificateSigningRequests.has(object, "Denied"));
			if (CertificateSigningRequests.has(object, condition) || decided) {
				return object;
			}
			JsonObject status = object.getAsJsonObject("status");
			JsonArray conditions = (status.get("conditions") instanceof JsonArray array) ? array : new JsonArray();
			conditions.add(Json.object("type", condition, "status", "True", "reason", reason, "message", message,
					"lastUpdateTime", now, "lastTransitionTime", now));
			status.add("conditions", conditions);
			return object;
		});
	}

	void delete(String name) {
		this.store.delete(this.type, "", name);
	}

}
