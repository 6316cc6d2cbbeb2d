package io.kubelet.cert.kubernetes.csr;

import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;

/**
 * A CertificateSigningRequest object of the API, with the answers of approvers and
 * signers.
 */
final class RequestObject {

	/** Identifies the process that created an object. */
	static final String REQUESTER = "cert.kubelet.io/requester";

	private final JsonObject json;

	RequestObject(JsonObject json) {
		this.json = json;
	}

	/** Returns the object that is to be created for a request. */
	static JsonObject of(CertificateRequest request, String requester) {
		JsonObject labels = new JsonObject();
		labels.addProperty(REQUESTER, requester);
		JsonObject metadata = new JsonObject();
		metadata.addProperty((request.name() != null) ? "name" : "generateName",
				Objects.requireNonNullElse(request.name(), "csr-"));
		metadata.add("labels", labels);
		JsonArray usages = new JsonArray();
		request.usages().forEach((usage) -> usages.add(usage.value()));
		JsonObject spec = new JsonObject();
		spec.addProperty("request",
				Base64.getEncoder().encodeToString(request.pkcs10().getBytes(StandardCharsets.US_ASCII)));
		spec.addProperty("signerName", request.signerName());
		spec.add("usages", usages);
		if (request.requestedLifetime() != null) {
			spec.addProperty("expirationSeconds", (int) request.requestedLifetime().toSeconds());
		}
		JsonObject object = new JsonObject();
		object.addProperty("apiVersion", "certificates.k8s.io/v1");
		object.addProperty("kind", "CertificateSigningRequest");
		object.add("metadata", metadata);
		object.add("spec", spec);
		return object;
	}

	String name() {
		return ExternalText.clean(metadata("name"));
	}

	String uid() {
		return metadata("uid");
	}

	String resourceVersion() {
		return metadata("resourceVersion");
	}

	/** The process that created the object, {@code null} if it does not say. */
	@Nullable String requester() {
		return ApiObjects.text(ApiObjects.member(ApiObjects.member(this.json, "metadata"), "labels"), REQUESTER);
	}

	String signerName() {
		return text(ApiObjects.member(this.json, "spec"), "signerName", "");
	}

	/** The PKCS #10 request as PEM. */
	String pkcs10() {
		return decode(ApiObjects.text(ApiObjects.member(this.json, "spec"), "request"));
	}

	Instant createdAt() {
		return Instant.parse(metadata("creationTimestamp"));
	}

	/** The types of the conditions. */
	List<String> conditionTypes() {
		return conditions().map((condition) -> text(condition, "type", "")).toList();
	}

	/**
	 * Returns the issued chain.
	 * @return the chain, empty if there is no answer yet
	 * @throws RequestException if the request was denied, the signer refused it, or the
	 * issued data is not a certificate
	 */
	Optional<List<X509Certificate>> issuedChain() {
		condition("Denied").ifPresent((denied) -> {
			throw RequestException.denied(name(), signerName(), text(denied, "reason", "Denied"),
					text(denied, "message", "no message was given"));
		});
		condition("Failed").ifPresent((failed) -> {
			throw RequestException.failed(name(), signerName(), text(failed, "reason", "Failed"),
					text(failed, "message", "no message was given"));
		});
		String certificate = certificate();
		if (certificate.isEmpty() || condition("Approved").isEmpty()) {
			return Optional.empty();
		}
		try {
			return Optional.of(Pem.readCertificates(certificate));
		}
		catch (MalformedPemException ex) {
			throw RequestException.refused(name(), signerName(), List.of("it is not PEM: " + ex.getMessage()));
		}
	}

	/** Returns whether a certificate was issued that has expired. */
	boolean hasExpired(Instant now) {
		String certificate = certificate();
		try {
			return !certificate.isEmpty() && Pem.readCertificates(certificate)
				.stream()
				.anyMatch((issued) -> now.isAfter(issued.getNotAfter().toInstant()));
		}
		catch (MalformedPemException ex) {
			return false;
		}
	}

	/**
	 * Returns whether the state of the object is, or may be, older than a resource
	 * version. Resource versions are growing numbers, but the API guarantees this only
	 * from release 1.35.
	 */
	boolean isOlder(String resourceVersion) {
		try {
			return Long.compareUnsigned(Long.parseUnsignedLong(resourceVersion()),
					Long.parseUnsignedLong(resourceVersion)) < 0;
		}
		catch (NumberFormatException ex) {
			return !resourceVersion().equals(resourceVersion);
		}
	}

	private String metadata(String member) {
		return Objects.requireNonNull(ApiObjects.text(ApiObjects.member(this.json, "metadata"), member),
				"An object of the API without " + member);
	}

	private String certificate() {
		return decode(ApiObjects.text(ApiObjects.member(this.json, "status"), "certificate"));
	}

	private static String decode(@Nullable String base64) {
		return (base64 != null) ? new String(Base64.getDecoder().decode(base64), StandardCharsets.US_ASCII) : "";
	}

	private Optional<JsonObject> condition(String type) {
		return conditions().filter((condition) -> type.equals(ApiObjects.text(condition, "type"))).findFirst();
	}

	private Stream<JsonObject> conditions() {
		JsonObject status = ApiObjects.member(this.json, "status");
		return (status != null && status.get("conditions") instanceof JsonArray conditions)
				? conditions.asList().stream().map(JsonElement::getAsJsonObject) : Stream.empty();
	}

	private static String text(@Nullable JsonObject object, String member, String otherwise) {
		String text = ApiObjects.text(object, member);
		return (text != null && !text.isBlank()) ? ExternalText.clean(text) : otherwise;
	}

}
