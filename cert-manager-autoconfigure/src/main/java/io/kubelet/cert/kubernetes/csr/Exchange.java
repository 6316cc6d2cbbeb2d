package io.kubelet.cert.kubernetes.csr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.ApiFailures;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubelet.cert.kubernetes.csr.RequestWatches.Subscription;
import io.kubelet.cert.request.RequestComparison;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestList;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exchange with the API server for one request, until it is answered: the request is
 * created or found, and then watched.
 */
final class Exchange implements RequestWatch.Subscriber {

	private static final Logger logger = LoggerFactory.getLogger(Exchange.class);

	private final CertificatesV1Api api;

	private final RequestWatches watches;

	private final ApiFailures failures;

	private final Clock clock;

	private final Consumer<SubmittedRequest> progress;

	private final CompletableFuture<List<X509Certificate>> answer = new CompletableFuture<>();

	/** With the name of the object, once it is known. */
	private volatile CertificateRequest request;

	Exchange(ApiClient client, RequestWatches watches, Clock clock, CertificateRequest request,
			Consumer<SubmittedRequest> progress) {
		this.api = new CertificatesV1Api(client);
		this.watches = watches;
		this.failures = new ApiFailures(client.getBasePath());
		this.clock = clock;
		this.request = request;
		this.progress = progress;
		Runnable end = watches.keepOpen(client);
		this.answer.whenComplete((chain, failure) -> end.run());
	}

	CompletableFuture<List<X509Certificate>> create(V1CertificateSigningRequest object) {
		send(() -> ApiObjects.create(this.api.getApiClient(), RequestWatches.PATH, object),
				V1CertificateSigningRequest.class, this::await, (failure) -> {
					String name = this.request.name();
					if (failure.getCode() == 409 && name != null) {
						read(name, this::takeIfOurs);
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
				gone(name, "now names another object");
			}
			else {
				take(found);
			}
		});
		return this.answer;
	}

	/** An object of the same name is taken if it is this request, created earlier. */
	private void takeIfOurs(V1CertificateSigningRequest found) {
		Optional<String> difference = RequestComparison.difference(found.getSpec().getSignerName(),
				new String(found.getSpec().getRequest(), StandardCharsets.US_ASCII), this.request);
		if (difference.isPresent()) {
			lost(Answers.name(found), "AlreadyExists",
					"has a name that another request has taken: " + difference.get());
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
		SubmittedRequest submitted = Answers.describe(object);
		this.request = this.request.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
		changed(object);
		if (this.answer.isDone()) {
			return;
		}
		Subscription subscription = this.watches.subscribe(this.api.getApiClient(), object, this);
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
	public void refused(ApiException answer) {
		fail(answer);
	}

	private void read(String name, Consumer<V1CertificateSigningRequest> found) {
		send(() -> this.api.readCertificateSigningRequest(name).buildCall(null), V1CertificateSigningRequest.class,
				found, (failure) -> {
					if (failure.getCode() == 404 && ApiFailures.status(failure.getResponseBody()) != null) {
						gone(name, "no longer exists");
					}
					else if (failure.getCode() == 403) {
						find(name, found, failure);
					}
					else {
						fail(failure);
					}
				});
	}

	/**
	 * Finds the request in a list. The watch needs {@code list} anyway, so a pending
	 * request is answered even if only {@code get} is missing.
	 * @param refusal the answer to reading it
	 */
	private void find(String name, Consumer<V1CertificateSigningRequest> found, ApiException refusal) {
		send(() -> RequestWatches.byName(name).list(this.api.getApiClient()), V1CertificateSigningRequestList.class,
				(list) -> {
					if (this.watches.isFirstRefusal()) {
						logger.warn("{}\nUntil then, the application searches a list of requests.",
								this.failures.translate(refusal, this.request).getMessage());
					}
					list.getItems().stream().findFirst().ifPresentOrElse(found, () -> gone(name, "no longer exists"));
				}, (failure) -> fail((failure.getCode() == 403) ? refusal : failure));
	}

	private void gone(String name, String how) {
		lost(name, "Gone", how);
	}

	private void lost(String name, String reason, String how) {
		this.answer.completeExceptionally(RequestException.lost(name, reason,
				RequestException.describe(name, this.request.signerName()) + " " + how));
	}

	private void fail(ApiException failure) {
		this.answer.completeExceptionally(this.failures.translate(failure, this.request));
	}

	private <T> void send(Callable<Call> sending, Class<T> type, Consumer<T> success, Consumer<ApiException> failure) {
		guard(() -> {
			Call call = sending.call();
			this.answer.whenComplete((chain, cause) -> call.cancel());
			call.enqueue(new Callback() {

				@Override
				public void onResponse(Call call, Response response) {
					guard(() -> {
						try {
							success.accept(ApiObjects.read(body(response), type));
						}
						catch (ApiException ex) {
							failure.accept(ex);
						}
					});
				}

				@Override
				public void onFailure(Call call, IOException ex) {
					guard(() -> failure.accept(new ApiException(ex)));
				}

			});
		});
	}

	/** The client itself would parse the body before it returns it. */
	private String body(Response response) throws ApiException, IOException {
		return response.isSuccessful() ? response.body().string()
				: this.api.getApiClient().handleResponse(response, String.class);
	}

	/** Anything that goes wrong, on any thread, is an answer. */
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
			RequestException failure = this.failures.unexpected(200, this.request);
			failure.setStackTrace(ex.getStackTrace());
			this.answer.completeExceptionally(failure);
		}
	}

	@FunctionalInterface
	private interface Action {

		void run() throws Exception;

	}

}
