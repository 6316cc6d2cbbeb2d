package io.kubelet.cert.kubernetes.signing;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.RequestException;

/**
 * The CertificateRequest API of cert-manager, {@code cert-manager.io/v1}, in one
 * namespace. cert-manager deletes only requests that belong to a Certificate, which those
 * of applications do not.
 *
 * @param issuer the issuer that signs
 * @param namespace the namespace of the requests
 * @param annotations the annotations of the requests, which configure some issuers
 */
record CertManagerRequests(IssuerReference issuer, String namespace,
		Map<String, String> annotations) implements SigningApi {

	private static final String READY = "Ready";

	@Override
	public String path() {
		return "/apis/cert-manager.io/v1/namespaces/" + this.namespace + "/certificaterequests";
	}

	@Override
	public JsonObject newObject(CertificateRequest request) {
		JsonObject reference = new JsonObject();
		reference.addProperty("name", this.issuer.name());
		reference.addProperty("kind", this.issuer.kind());
		reference.addProperty("group", this.issuer.group());
		JsonObject spec = RequestObject.spec(request);
		spec.add("issuerRef", reference);
		if (request.requestedLifetime() != null) {
			spec.addProperty("duration", request.requestedLifetime().toSeconds() + "s");
		}
		JsonObject annotations = new JsonObject();
		this.annotations.forEach(annotations::addProperty);
		JsonObject metadata = new JsonObject();
		metadata.add("annotations", annotations);
		JsonObject object = new JsonObject();
		object.addProperty("apiVersion", "cert-manager.io/v1");
		object.addProperty("kind", "CertificateRequest");
		object.add("metadata", metadata);
		object.add("spec", spec);
		return object;
	}

	@Override
	public String signerName(RequestObject object) {
		JsonObject reference = RequestObject.member(object.spec(), "issuerRef");
		return new IssuerReference(RequestObject.text(reference, "kind", "Issuer"),
				RequestObject.text(reference, "name", ""),
				RequestObject.text(reference, "group", IssuerReference.CERT_MANAGER))
			.toString();
	}

	/** A request that approvers found invalid must not be used, even if it is ready. */
	@Override
	public Optional<List<X509Certificate>> issuedChain(RequestObject object) {
		String issuer = signerName(object);
		object.condition("InvalidRequest").filter(CertManagerRequests::isTrue).ifPresent((invalid) -> {
			throw RequestException.rejected(object.name(), 0, reason(invalid), "%s is invalid: %s"
				.formatted(RequestException.describe(object.name(), issuer), RequestObject.message(invalid)));
		});
		object.condition("Denied").filter(CertManagerRequests::isTrue).ifPresent((denied) -> {
			throw RequestException.denied(object.name(), issuer, reason(denied), RequestObject.message(denied));
		});
		JsonObject ready = object.condition(READY).orElseGet(JsonObject::new);
		switch (reason(ready)) {
			case "Denied" ->
				throw RequestException.denied(object.name(), issuer, reason(ready), RequestObject.message(ready));
			case "Failed" ->
				throw RequestException.failed(object.name(), issuer, reason(ready), RequestObject.message(ready));
			default -> {
				return isTrue(ready) ? object.certificate(issuer) : Optional.empty();
			}
		}
	}

	/** Such as that the issuer does not exist. */
	@Override
	public String message(RequestObject object) {
		return object.condition(READY).filter((ready) -> !isTrue(ready)).map(RequestObject::message).orElse("");
	}

	@Override
	public List<X509Certificate> authorities(RequestObject object) {
		return object.certificates("ca", signerName(object)).orElse(List.of());
	}

	@Override
	public boolean isDeletedByRequester() {
		return true;
	}

	private static boolean isTrue(JsonObject condition) {
		return "True".equals(ApiObjects.text(condition, "status"));
	}

	private static String reason(JsonObject condition) {
		return RequestObject.text(condition, "reason", RequestObject.text(condition, "type", ""));
	}

}
