package io.kubelet.cert.kubernetes;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Map;
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
import io.kubernetes.client.openapi.ApiCallback;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import okhttp3.Call;

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
		send((callback) -> this.api.createCertificateSigningRequest(object).executeAsync(callback), this::await,
				(failure) -> {
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
		send((callback) -> this.api.readCertificateSigningRequest(name).executeAsync(callback), found, (failure) -> {
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
		try {
			Call call = sending.send(new ApiCallback<>() {

				@Override
				public void onSuccess(V1CertificateSigningRequest result, int status,
						Map<String, List<String>> headers) {
					guard(() -> success.accept(result));
				}

				@Override
				public void onFailure(ApiException ex, int status, Map<String, List<String>> headers) {
					guard(() -> failure.accept(ex));
				}

				@Override
				public void onUploadProgress(long written, long length, boolean done) {
				}

				@Override
				public void onDownloadProgress(long read, long length, boolean done) {
				}

			});
			this.answer.whenComplete((chain, cause) -> call.cancel());
		}
		catch (ApiException ex) {
			fail(ex);
		}
	}

	/**
	 * Whatever goes wrong on a thread of the client library is an answer, not silence.
	 */
	private void guard(Runnable action) {
		try {
			action.run();
		}
		catch (RequestException ex) {
			this.answer.completeExceptionally(ex);
		}
		catch (RuntimeException ex) {
			this.answer.completeExceptionally(this.failures.unexpected(200, ex, this.request.name()));
		}
	}

	private interface Sending {

		Call send(ApiCallback<V1CertificateSigningRequest> callback) throws ApiException;

	}

}
