package io.kubelet.cert.kubernetes.internal.signing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiClient;
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
		return ApiObjects
			.send(ApiObjects.list(client, this.api.path(),
					Selection.byLabel(this.api.path(), CERTIFICATE, label).selectors()))
			.thenCompose((list) -> sweep(client, request, label, list))
			.exceptionally((failure) -> {
				this.clean.remove(label);
				return Optional.empty();
			});
	}

	private CompletableFuture<Optional<RequestObject>> sweep(ApiClient client, CertificateRequest request, String label,
			JsonObject list) {
		List<RequestObject> objects = list.getAsJsonArray("items")
			.asList()
			.stream()
			.map(JsonElement::getAsJsonObject)
			.map(RequestObject::new)
			.toList();
		Optional<RequestObject> own = objects.stream()
			.filter((object) -> object.name().equals(request.name()))
			.findFirst();
		List<CompletableFuture<?>> deletions = new ArrayList<>();
		own.ifPresent((object) -> {
			Instant old = object.changedAt().minus(AGE);
			objects.stream().filter((other) -> isLeft(other, object)).forEach((other) -> {
				if (other.changedAt().isBefore(old)) {
					deletions
						.add(ApiObjects.send(ApiObjects.delete(client, this.api.path(), other.name(), other.uid())));
				}
				else {
					// The next deletion tries again
					this.clean.remove(label);
				}
			});
		});
		return CompletableFuture.allOf(deletions.toArray(CompletableFuture[]::new)).thenApply((all) -> own);
	}

	private boolean isLeft(RequestObject object, RequestObject own) {
		return object != own && object.username().equals(own.username()) && isAnswered(object);
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
