package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;

/**
 * The exchange with the API server for one request, until it is answered: the request is
 * created or found, and then watched.
 */
final class CsrExchange implements RequestWatches.Subscriber {

	private static final String ABSENT = "no longer exists";

	private final SigningApi api;

	private final ApiClient client;

	private final RequestWatches watches;

	private final ApiFailures failures;

	private final Clock clock;

	private final Consumer<SubmittedRequest> progress;

	private final CompletableFuture<List<X509Certificate>> answer = new CompletableFuture<>();

	/** What the watch has reported before the creation was answered. */
	private @Nullable Runnable early;

	/** The last state that was reported. */
	private volatile @Nullable SubmittedRequest submitted;

	/** It has the name of the object once that is known. */
	private volatile CertificateRequest request;

	CsrExchange(SigningApi api, ApiClient client, RequestWatches watches, Clock clock, CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		this.api = api;
		this.client = client;
		this.watches = watches;
		this.failures = new ApiFailures(client.toString());
		this.clock = clock;
		this.request = request;
		this.progress = progress;
	}

	/**
	 * Begins the exchange. A request with a UID was created earlier.
	 * @param creates whether one without a UID is created. Otherwise it is only looked
	 * up, as that of another replica
	 */
	CompletableFuture<List<X509Certificate>> begin(boolean creates) {
		this.watches.begin(this);
		this.answer.whenComplete((chain, failure) -> this.watches.end(this));
		guard(() -> {
			if (this.request.uid() != null) {
				find(this::takeIfSame, ABSENT);
			}
			else if (creates) {
				create();
			}
			else {
				find(this::takeIfOurs, ABSENT);
			}
		});
		return this.answer;
	}

	private void create() {
		JsonObject object = RequestObject.named(this.api.newObject(this.request), this.request, labels());
		send(ApiObjects.create(this.client, this.api.path(), object), (created) -> await(new RequestObject(created)),
				this::notCreated);
	}

	/** A quota is checked before the API server looks whether the object exists. */
	private void notCreated(ApiException failure) {
		RequestException problem = this.failures.translate(failure, this.request);
		if (this.request.name() != null && failure.getCode() == 409) {
			find(this::takeIfOurs, ABSENT);
		}
		else if (this.request.name() != null && problem.kind() == Kind.OVER_QUOTA) {
			find(this::takeIfOurs, () -> this.answer.completeExceptionally(problem));
		}
		else {
			this.answer.completeExceptionally(problem);
		}
	}

	private Map<String, String> labels() {
		String certificate = this.api.keepsObjects() ? Leftovers.label(this.request.name()) : null;
		String requester = this.watches.requester();
		return (certificate != null) ? Map.of(RequestObject.REQUESTER, requester, Leftovers.CERTIFICATE, certificate)
				: Map.of(RequestObject.REQUESTER, requester);
	}

	private void takeIfSame(RequestObject found) {
		if (!found.uid().equals(this.request.uid())) {
			lost("Replaced", "now names another object");
		}
		else {
			take(found);
		}
	}

	/** An object of the same name is taken if it is this request, created earlier. */
	private void takeIfOurs(RequestObject found) {
		Optional<String> difference = this.request.difference(this.api.signer(found), found.pkcs10());
		if (difference.isPresent()) {
			lost("AlreadyExists", "has a name that another request has taken: " + difference.get());
		}
		else {
			take(found);
		}
	}

	private void take(RequestObject found) {
		if (found.hasExpired(this.clock.instant())) {
			gone("was answered with a certificate that has expired");
		}
		else {
			await(found);
		}
	}

	private synchronized void await(RequestObject object) {
		boolean expected = this.request.name() != null;
		this.request = this.request.confirmed(object.name(), object.uid(), object.createdAt());
		changed(object);
		if (this.early != null) {
			this.early.run();
		}
		if (!this.answer.isDone() && !(this.watches.subscribe(object, this) && expected)) {
			find(this::changed, ABSENT);
		}
	}

	@Override
	public ApiClient client() {
		return this.client;
	}

	@Override
	public CertificateRequest request() {
		return this.request;
	}

	/**
	 * States come from a call and from the watch. An older one must not be reported
	 * between the state with the authorities and the answer that they belong to.
	 */
	@Override
	public synchronized void changed(RequestObject object) {
		reported(object.uid(), () -> {
			Instant createdAt = Objects.requireNonNull(this.request.createdAt(), "It was confirmed");
			SubmittedRequest submitted = new SubmittedRequest(object.name(), object.namespace(), object.uid(),
					createdAt, object.conditionTypes(), this.api.message(object), this.api.authorities(object), "");
			this.submitted = submitted;
			this.progress.accept(submitted);
			this.api.issuedChain(object).ifPresent(this.answer::complete);
		});
	}

	/** It may have lost no more than the label by which it is watched. */
	@Override
	public synchronized void deleted(String uid) {
		reported(uid, () -> find(this::takeIfSame, "was deleted"));
	}

	/** Another object may have had the same name. */
	private void reported(String uid, Action action) {
		if (this.request.uid() == null) {
			this.early = () -> reported(uid, action);
		}
		else if (uid.equals(this.request.uid())) {
			guard(action);
		}
	}

	@Override
	public synchronized void interrupted(String problem) {
		SubmittedRequest submitted = this.submitted;
		if (submitted != null) {
			guard(() -> this.progress.accept(submitted.interrupted(problem)));
		}
	}

	/** If the server does not answer, the watch may still bring what it was to find. */
	@Override
	public void look() {
		if (this.submitted != null && !this.answer.isDone()) {
			ApiObjects.send(RequestObject.find(this.client, this.api.path(), name())).whenComplete((list, failure) -> {
				if (failure != null) {
					interrupted(String.valueOf(this.failures.translate(failure, null).getMessage()));
				}
				else {
					guard(() -> found(list, this::takeIfSame, () -> gone(ABSENT)));
				}
			});
		}
	}

	@Override
	public void watchFailed(ApiException response) {
		fail(response);
	}

	/**
	 * @param absent what happened if there is no object of the name
	 */
	private void find(Consumer<RequestObject> use, String absent) {
		find(use, () -> gone(absent));
	}

	private void find(Consumer<RequestObject> use, Runnable absent) {
		send(RequestObject.find(this.client, this.api.path(), name()), (list) -> found(list, use, absent), this::fail);
	}

	private void found(JsonObject list, Consumer<RequestObject> use, Runnable absent) {
		RequestObject.found(list).ifPresentOrElse(use, absent);
	}

	private void gone(String how) {
		lost("Gone", how);
	}

	private void lost(String reason, String how) {
		this.answer.completeExceptionally(
				RequestException.lost(reason, RequestException.describe(name(), this.request.signer()) + " " + how));
	}

	/** The object is never read before its name is known. */
	private String name() {
		return Objects.requireNonNull(this.request.name(), "The request has no object yet");
	}

	/** Credentials with which the request was found may have expired since. */
	private void fail(ApiException failure) {
		this.answer.completeExceptionally((failure.getCode() == 401 && this.submitted != null)
				? this.failures.expired(this.request) : this.failures.translate(failure, this.request));
	}

	private void send(Call call, Consumer<JsonObject> success, Consumer<ApiException> failure) {
		guard(() -> {
			this.answer.whenComplete((chain, cause) -> call.cancel());
			ApiObjects.send(call).whenComplete((object, cause) -> guard(() -> {
				if (cause instanceof ApiException ex) {
					failure.accept(ex);
				}
				else if (cause != null) {
					throw cause;
				}
				else {
					success.accept(object);
				}
			}));
		});
	}

	/** Anything that goes wrong, on any thread, is an answer. */
	private void guard(Action action) {
		try {
			action.run();
		}
		catch (RequestException | Error ex) {
			this.answer.completeExceptionally(ex);
		}
		catch (Throwable ex) {
			this.answer.completeExceptionally(this.failures.translate(ex, this.request));
		}
	}

	@FunctionalInterface
	private interface Action {

		void run() throws Throwable;

	}

}
