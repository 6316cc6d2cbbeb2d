package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.RequestComparison;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestGoneException;
import io.kubelet.cert.request.RequestNameTakenException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.kubernetes.RequestWatches.Subscription;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Response;

/**
 * One request's way: created or found, then watched until it is answered.
 */
final class Exchange implements RequestWatches.Subscriber {

	private final CertificatesV1Api api;

	private final RequestWatches watches;

	private final ApiFailures failures;

	private final Clock clock;

	private final CertificateRequest request;

	private final Consumer<SubmittedRequest> progress;

	private final CompletableFuture<List<X509Certificate>> answer = new CompletableFuture<>();

	Exchange(ApiClient client, RequestWatches watches, ApiFailures failures, Clock clock, CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		this.api = new CertificatesV1Api(client);
		this.watches = watches;
		this.failures = failures;
		this.clock = clock;
		this.request = request;
		this.progress = progress;
	}

	CompletableFuture<List<X509Certificate>> create(V1CertificateSigningRequest object) {
		send(() -> this.api.createCertificateSigningRequest(object).buildCall(null), this::await, (failure) -> {
			if (failure.getCode() == 409 && this.request.name() != null) {
				read(this.request.name(), this::takeIfOurs);
			}
			else {
				fail(failure);
			}
		});
		return this.answer;
	}

	CompletableFuture<List<X509Certificate>> resume(String name) {
		read(name, (found) -> {
			if (!Objects.equals(Answers.uid(found), this.request.uid())) {
				gone(name, "is another object now");
			}
			else {
				take(found);
			}
		});
		return this.answer;
	}

	/** Contract row C20. */
	private void takeIfOurs(V1CertificateSigningRequest found) {
		Optional<String> difference = RequestComparison.difference(found.getSpec().getSignerName(),
				new String(found.getSpec().getRequest(), StandardCharsets.US_ASCII), this.request);
		if (difference.isPresent()) {
			this.answer.completeExceptionally(new RequestNameTakenException(Answers.name(found), difference.get()));
		}
		else {
			take(found);
		}
	}

	private void take(V1CertificateSigningRequest found) {
		if (Answers.hasExpired(found, this.clock.instant())) {
			gone(Answers.name(found), "was answered with a certificate that has expired");
		}
		else {
			await(found);
		}
	}

	private void await(V1CertificateSigningRequest object) {
		changed(object);
		if (this.answer.isDone()) {
			return;
		}
		Subscription subscription = this.watches.subscribe(object, this);
		this.answer.whenComplete((chain, failure) -> subscription.end().run());
		if (!subscription.complete()) {
			read(Answers.name(object), this::changed);
		}
	}

	@Override
	public void changed(V1CertificateSigningRequest object) {
		guard(() -> {
			this.progress.accept(Answers.describe(object));
			Answers.issuedChain(object).ifPresent(this.answer::complete);
		});
	}

	@Override
	public void deleted() {
		gone(String.valueOf(this.request.name()), "was deleted");
	}

	@Override
	public void failed(RequestException failure) {
		this.answer.completeExceptionally(failure);
	}

	private void read(String name, Consumer<V1CertificateSigningRequest> found) {
		send(() -> this.api.readCertificateSigningRequest(name).buildCall(null), found, (failure) -> {
			if (failure.getCode() == 404 && ApiFailures.status(failure.getResponseBody()) != null) {
				gone(name, "is not there any more");
			}
			else {
				fail(failure);
			}
		});
	}

	private void gone(String name, String how) {
		this.answer.completeExceptionally(new RequestGoneException(name, "Request " + name + " " + how));
	}

	private void fail(ApiException failure) {
		this.answer.completeExceptionally(this.failures.translate(failure, this.request.name()));
	}

	private void send(Sending sending, Consumer<V1CertificateSigningRequest> success, Consumer<ApiException> failure) {
		guard(() -> {
			Call call = sending.call();
			this.answer.whenComplete((chain, cause) -> call.cancel());
			call.enqueue(new Callback() {

				@Override
				public void onResponse(Call call, Response response) {
					guard(() -> received(response, success, failure));
				}

				@Override
				public void onFailure(Call call, IOException ex) {
					guard(() -> failure.accept(new ApiException(ex)));
				}

			});
		});
	}

	/** Not by the library's own callback, which is not called where reading fails. */
	private void received(Response response, Consumer<V1CertificateSigningRequest> success,
			Consumer<ApiException> failure) {
		V1CertificateSigningRequest object;
		try {
			object = this.api.getApiClient().handleResponse(response, V1CertificateSigningRequest.class);
		}
		catch (ApiException ex) {
			failure.accept(ex);
			return;
		}
		success.accept(object);
	}

	/** Whatever goes wrong, on whichever thread, is an answer, not silence. */
	private void guard(Action action) {
		try {
			action.run();
		}
		catch (ApiException ex) {
			fail(ex);
		}
		catch (RequestException | Error ex) {
			this.answer.completeExceptionally(ex);
		}
		catch (Throwable ex) {
			this.answer.completeExceptionally(this.failures.unexpected(200, ex, this.request.name()));
		}
	}

	@FunctionalInterface
	private interface Sending {

		Call call() throws ApiException;

	}

	@FunctionalInterface
	private interface Action {

		void run() throws ApiException;

	}

}
