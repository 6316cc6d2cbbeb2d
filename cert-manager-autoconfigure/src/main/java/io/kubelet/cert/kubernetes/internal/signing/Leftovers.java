package io.kubelet.cert.kubernetes.internal.signing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Requests of a certificate that remain in the cluster although they were answered, such
 * as those of a process that was killed and whose files are gone. The first deletion of a
 * process also deletes those of the same user that were answered more than an hour before
 * its own request. By then, whoever waited for the answer has read it.
 */
final class Leftovers {

	/** The label that names the certificate. */
	static final String CERTIFICATE = "cert.kubelet.io/certificate";

	private static final Duration AGE = Duration.ofHours(1);

	/** A list of all may be larger than what is read of an answer. */
	private static final String PAGE_SIZE = "100";

	/** The name of a request ends with digits that depend on its key. */
	private static final Pattern NAME = Pattern.compile("(.{1,63}).*?-[0-9a-f]{20}");

	private final SigningApi api;

	/** The labels of the certificates of which nothing is left. */
	private final Set<String> clean = ConcurrentHashMap.newKeySet();

	Leftovers(SigningApi api) {
		this.api = api;
	}

	/**
	 * Returns the value of the label, as far as a label can hold it.
	 * @param request the name of a request
	 * @return the value, {@code null} if requests are not named after certificates
	 */
	static @Nullable String label(@Nullable String request) {
		Matcher name = NAME.matcher(String.valueOf(request));
		return name.matches() ? name.group(1).replaceAll("[-.]+$", "") : null;
	}

	/**
	 * Deletes what is left, unless that was done. A failure affects nothing else.
	 * @param request the request that is about to be deleted
	 * @return the object of the request, empty if that is not known
	 */
	CompletableFuture<Optional<RequestObject>> sweep(ApiClient client, CertificateRequest request) {
		String label = label(request.name());
		if (label == null || !this.clean.add(label)) {
			return CompletableFuture.completedFuture(Optional.empty());
		}
		return sweep(client, request, label, Optional.empty(), "").exceptionally((failure) -> {
			this.clean.remove(label);
			return Optional.empty();
		});
	}

	/**
	 * Deletes what is left on a page of the list, and on those that follow.
	 * @param known the object of the request, empty if no page before contained it
	 * @param page the token of the page, empty for the first one
	 */
	private CompletableFuture<Optional<RequestObject>> sweep(ApiClient client, CertificateRequest request, String label,
			Optional<RequestObject> known, String page) {
		Map<String, String> query = new HashMap<>(Selection.byLabel(this.api.path(), CERTIFICATE, label).selectors());
		query.putAll(Map.of("limit", PAGE_SIZE, "continue", page));
		return ApiObjects.send(ApiObjects.list(client, this.api.path(), query)).thenCompose((list) -> {
			List<RequestObject> objects = RequestObject.all(list);
			String next = Objects.requireNonNullElse(ApiObjects.text(ApiObjects.member(list, "metadata"), "continue"),
					"");
			Optional<RequestObject> listed = known.or(() -> named(request, objects));
			CompletableFuture<Optional<RequestObject>> found = (listed.isPresent() || next.isEmpty())
					? CompletableFuture.completedFuture(listed) : find(client, request);
			return found.thenCompose(
					(own) -> delete(client, label, own, objects).thenCompose((all) -> (own.isEmpty() || next.isEmpty())
							? CompletableFuture.completedFuture(own) : sweep(client, request, label, own, next)));
		});
	}

	private static Optional<RequestObject> named(CertificateRequest request, List<RequestObject> objects) {
		return objects.stream().filter((object) -> object.name().equals(request.name())).findFirst();
	}

	private CompletableFuture<Optional<RequestObject>> find(ApiClient client, CertificateRequest request) {
		String name = Objects.requireNonNull(request.name(), "It has a label");
		return ApiObjects.send(RequestObject.find(client, this.api.path(), name)).thenApply(RequestObject::found);
	}

	private CompletableFuture<Void> delete(ApiClient client, String label, Optional<RequestObject> own,
			List<RequestObject> objects) {
		List<CompletableFuture<?>> deletions = new ArrayList<>();
		own.ifPresentOrElse((object) -> {
			Instant old = object.changedAt().minus(AGE);
			objects.stream().filter((other) -> isLeft(other, object)).forEach((other) -> {
				if (other.changedAt().isBefore(old)) {
					deletions.add(delete(client, other));
				}
				else {
					// The next deletion tries again
					this.clean.remove(label);
				}
			});
		}, () -> this.clean.remove(label));
		return CompletableFuture.allOf(deletions.toArray(CompletableFuture[]::new));
	}

	/** Another replica may have deleted it at the same time. */
	private CompletableFuture<?> delete(ApiClient client, RequestObject object) {
		return ApiObjects.send(ApiObjects.delete(client, this.api.path(), object.name(), object.uid()))
			.exceptionallyCompose((failure) -> (failure instanceof ApiException response
					&& (response.getCode() == 404 || response.getCode() == 409))
							? CompletableFuture.completedFuture(null) : CompletableFuture.failedFuture(failure));
	}

	private boolean isLeft(RequestObject object, RequestObject own) {
		return !object.uid().equals(own.uid()) && object.username().equals(own.username()) && isAnswered(object);
	}

	private boolean isAnswered(RequestObject object) {
		try {
			return this.api.issuedChain(object).isPresent();
		}
		catch (RequestException ex) {
			return true;
		}
	}

}
