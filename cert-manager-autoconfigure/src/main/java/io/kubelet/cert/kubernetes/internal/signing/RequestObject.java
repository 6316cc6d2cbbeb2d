package io.kubelet.cert.kubernetes.internal.signing;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;

/**
 * An object of the API that stands for a request, with the answers of approvers and
 * signers. Only what is needed of it is kept.
 */
final class RequestObject {

	/** The label that identifies the process that created an object. */
	static final String REQUESTER = "cert.kubelet.io/requester";

	/** The member of the status with the issued chain. */
	static final String CERTIFICATE = "certificate";

	private final JsonObject metadata;

	private final String name;

	private final JsonObject spec;

	private final JsonObject status;

	/**
	 * Reads an object.
	 * @param json the object
	 */
	RequestObject(JsonObject json) {
		this.metadata = ApiObjects.member(json, "metadata");
		this.metadata.remove("annotations");
		this.metadata.remove("managedFields");
		this.name = ExternalText.clean(identity("name"));
		this.spec = ApiObjects.member(json, "spec");
		this.status = ApiObjects.member(json, "status");
	}

	/** Returns the part of a specification that both APIs have. */
	static JsonObject spec(CertificateRequest request) {
		String pkcs10 = Base64.getEncoder().encodeToString(request.pkcs10().getBytes(StandardCharsets.US_ASCII));
		return ApiObjects
			.object(Map.of("request", pkcs10, "usages", request.usages().stream().map(Usage::value).toList()));
	}

	/**
	 * Returns a call that looks for the object of a name. The watch needs the permission
	 * to list as well, so no other one is needed.
	 */
	static Call find(ApiClient client, String path, String name) {
		return ApiObjects.list(client, path, Selection.byName(name, path).selectors());
	}

	/** Reads the answer to it, empty if there is no object of the name. */
	static Optional<RequestObject> found(JsonObject list) {
		return all(list).stream().findFirst();
	}

	/** Reads the objects of a list. */
	static List<RequestObject> all(JsonObject list) {
		if (list.get("items") instanceof JsonArray items) {
			return items.asList().stream().map(ApiObjects::object).map(RequestObject::new).toList();
		}
		throw new JsonParseException("A list without items");
	}

	/** Adds the name and the labels to an object that is to be created. */
	static JsonObject named(JsonObject object, CertificateRequest request, Map<String, String> labels) {
		JsonObject metadata = ApiObjects.member(object, "metadata");
		metadata.addProperty((request.name() != null) ? "name" : "generateName",
				Objects.requireNonNullElse(request.name(), "csr-"));
		metadata.add("labels", ApiObjects.object(labels));
		object.add("metadata", metadata);
		return object;
	}

	/**
	 * Returns the name of the object.
	 * @return the name
	 */
	String name() {
		return this.name;
	}

	/** Empty if the object has none. */
	String namespace() {
		return text(this.metadata, "namespace", "");
	}

	String uid() {
		return identity("uid");
	}

	String resourceVersion() {
		return identity("resourceVersion");
	}

	Instant createdAt() {
		return Instant.parse(identity("creationTimestamp"));
	}

	/** When it was answered, if it was; its creation if no condition says when. */
	Instant changedAt() {
		return conditions().flatMap((condition) -> Stream.ofNullable(ApiObjects.text(condition, "lastTransitionTime")))
			.map(Instant::parse)
			.max(Instant::compareTo)
			.orElseGet(this::createdAt);
	}

	private String identity(String member) {
		return ApiObjects.identity(this.metadata, member);
	}

	/** The process that created the object, {@code null} if it does not say. */
	@Nullable String requester() {
		return ApiObjects.text(ApiObjects.member(this.metadata, "labels"), REQUESTER);
	}

	/** Who created the object, by the API server; empty if that is not known. */
	String username() {
		return text(this.spec, "username", "");
	}

	/**
	 * Returns what is requested.
	 * @return the specification of the object
	 */
	JsonObject spec() {
		return this.spec;
	}

	/** The PKCS #10 request as PEM. */
	String pkcs10() {
		return decoded(this.spec, "request");
	}

	/** The types of the conditions that are true. */
	List<String> conditionTypes() {
		return conditions().filter((condition) -> !"False".equals(ApiObjects.text(condition, "status")))
			.map((condition) -> text(condition, "type", ""))
			.toList();
	}

	/**
	 * Returns a condition.
	 * @param type its type, such as {@code Denied}
	 * @return the condition, empty if there is none of this type
	 */
	Optional<JsonObject> condition(String type) {
		return conditions().filter((condition) -> type.equals(ApiObjects.text(condition, "type"))).findFirst();
	}

	private Stream<JsonObject> conditions() {
		return (this.status.get("conditions") instanceof JsonArray conditions)
				? conditions.asList().stream().map(ApiObjects::object) : Stream.empty();
	}

	/** The failure of a request with a condition that denies it. */
	RequestException denied(JsonObject condition, Signer signer) {
		return RequestException.denied(name(), signer, reason(condition), message(condition));
	}

	/** The failure of a request with a condition of the signer. */
	RequestException failed(JsonObject condition, Signer signer) {
		return RequestException.failed(name(), signer, reason(condition), message(condition));
	}

	/**
	 * Returns the certificates in a member of the status.
	 * @param member the name of the member
	 * @param signer the signer, for the message of a failure
	 * @return the certificates, empty if there are none
	 * @throws RequestException if the data is not a certificate
	 */
	Optional<List<X509Certificate>> certificates(String member, Signer signer) {
		String pem = decoded(this.status, member);
		try {
			return pem.isEmpty() ? Optional.empty() : Optional.of(Pem.readCertificates(pem));
		}
		catch (MalformedPemException ex) {
			throw RequestException.refused(name(), signer,
					List.of("its %s is not PEM: %s".formatted(member, ex.getMessage())));
		}
	}

	/** Returns whether a certificate was issued that has expired. */
	boolean hasExpired(Instant now) {
		try {
			return certificates(CERTIFICATE, new Signer.Named("")).stream()
				.flatMap(List::stream)
				.anyMatch((issued) -> now.isAfter(issued.getNotAfter().toInstant()));
		}
		catch (RequestException ex) {
			return false;
		}
	}

	/** Resource versions are growing numbers, on every API server that is known. */
	boolean isOlderThan(RequestObject other) {
		return Long.parseLong(resourceVersion()) < Long.parseLong(other.resourceVersion());
	}

	private static String decoded(JsonObject object, String member) {
		String base64 = ApiObjects.text(object, member);
		return (base64 != null) ? new String(Base64.getDecoder().decode(base64), StandardCharsets.US_ASCII) : "";
	}

	/** Returns the reason of a condition, its type if it has none. */
	static String reason(JsonObject condition) {
		return text(condition, "reason", text(condition, "type", ""));
	}

	/** Returns the message of a condition. */
	static String message(JsonObject condition) {
		return text(condition, "message", "no message was given");
	}

	/**
	 * Returns the text of a member, cleaned.
	 * @param object the object
	 * @param member the name of the member
	 * @param otherwise what is returned if there is no text
	 * @return the text
	 */
	static String text(JsonObject object, String member, String otherwise) {
		String text = ApiObjects.text(object, member);
		return (text != null && !text.isBlank()) ? ExternalText.clean(text) : otherwise;
	}

}
