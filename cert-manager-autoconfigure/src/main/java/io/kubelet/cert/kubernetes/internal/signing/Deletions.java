package io.kubelet.cert.kubernetes.internal.signing;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes the objects of requests that are over, each by its name and its UID, so that an
 * object of somebody else that has the same name remains. A failure is not the failure of
 * anything else. While the API server cannot be reached, a deletion waits for the next
 * one.
 */
final class Deletions {

	private static final Logger logger = LoggerFactory.getLogger(Deletions.class);

	private final SigningApi api;

	private final ApiClientProvider clients;

	private final Leftovers leftovers;

	private final BlockingQueue<Deletion> postponed = new LinkedBlockingQueue<>();

	private final AtomicBoolean forbidden = new AtomicBoolean();

	Deletions(SigningApi api, ApiClientProvider clients) {
		this.api = api;
		this.clients = clients;
		this.leftovers = new Leftovers(api);
	}

	/**
	 * Begins a deletion. The result completes when nothing more will be done.
	 */
	CompletableFuture<?> delete(CertificateRequest request, @Nullable CertificatePair current) {
		if (!this.api.keepsObjects() || request.name() == null) {
			return CompletableFuture.completedFuture(request);
		}
		// Those that fail while others begin wait for the next time
		List<Deletion> due = new ArrayList<>();
		this.postponed.drainTo(due);
		Deletion deletion = new Deletion(request, new CompletableFuture<>());
		due.add(deletion);
		due.forEach((each) -> begin(each, current));
		return deletion.done();
	}

	private void begin(Deletion deletion, @Nullable CertificatePair current) {
		CertificateRequest request = deletion.request();
		this.clients
			.use(current,
					(client) -> deletion(client, request)
						.handle((deleted, failure) -> failure == null || isFinal(client, request, failure)))
			.whenComplete((over, failure) -> {
				if (Boolean.TRUE.equals(over)) {
					deletion.done().complete(request);
				}
				else {
					this.postponed.add(deletion);
				}
			});
	}

	/** The UID of a request of an earlier process is that of its object. */
	private CompletableFuture<?> deletion(ApiClient client, CertificateRequest request) {
		String name = Objects.requireNonNull(request.name(), "Requests have names");
		CompletableFuture<Optional<RequestObject>> swept = this.forbidden.get()
				? CompletableFuture.completedFuture(Optional.empty()) : this.leftovers.sweep(client, request);
		return swept.thenCompose((listed) -> {
			if (request.uid() != null) {
				return ApiObjects.send(ApiObjects.delete(client, this.api.path(), name, request.uid()));
			}
			return (listed.isPresent() ? CompletableFuture.completedFuture(listed)
					: ApiObjects.send(RequestObject.find(client, this.api.path(), name))
						.thenApply(RequestObject::found))
				.thenCompose((found) -> delete(client, request, found));
		});
	}

	private CompletableFuture<JsonObject> delete(ApiClient client, CertificateRequest request,
			Optional<RequestObject> object) {
		return object.filter((found) -> request.difference(this.api.signer(found), found.pkcs10()).isEmpty())
			.map((found) -> ApiObjects.send(ApiObjects.delete(client, this.api.path(), found.name(), found.uid())))
			.orElseGet(() -> CompletableFuture.completedFuture(new JsonObject()));
	}

	/** Whether it is of no use to try again. */
	private boolean isFinal(ApiClient client, CertificateRequest request, Throwable cause) {
		Throwable unwrapped = (cause instanceof CompletionException && cause.getCause() != null) ? cause.getCause()
				: cause;
		int code = (unwrapped instanceof ApiException response) ? response.getCode() : 0;
		if (code == 404 || code == 409 || this.clients.executor().isShutdown()) {
			return true;
		}
		String message = new ApiFailures(client.toString()).translate(unwrapped, request).report();
		if (code != 403) {
			logger.info("Request {} could not be deleted, which is tried again after the next rotation: {}",
					request.name(), message);
		}
		else if (this.forbidden.compareAndSet(false, true)) {
			logger.warn("Requests remain in the cluster once they are answered, but nothing else is affected: {}",
					message);
		}
		return code == 403;
	}

	private record Deletion(CertificateRequest request, CompletableFuture<Object> done) {

	}

}
