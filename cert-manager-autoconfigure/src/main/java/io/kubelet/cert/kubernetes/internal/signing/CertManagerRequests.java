package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;

/**
 * The CertificateRequest API of cert-manager, {@code cert-manager.io/v1}, in one
 * namespace. cert-manager deletes only requests that belong to a Certificate, which those
 * of applications do not.
 *
 * @param namespace the namespace of the requests
 * @param annotations the annotations of the requests, which configure some issuers
 */
record CertManagerRequests(String namespace, Map<String, String> annotations) implements SigningApi {

	private static final String READY = "Ready";

	@Override
	public String path() {
		return "/apis/cert-manager.io/v1/namespaces/" + this.namespace + "/certificaterequests";
	}

	@Override
	public JsonObject newObject(CertificateRequest request) {
		JsonObject spec = RequestObject.spec(request);
		Signer.Issuer issuer = (Signer.Issuer) request.signer();
		spec.add("issuerRef",
				ApiObjects.object(Map.of("name", issuer.name(), "kind", issuer.kind(), "group", issuer.group())));
		if (request.requestedLifetime() != null) {
			spec.addProperty("duration", request.requestedLifetime().toSeconds() + "s");
		}
		return ApiObjects.object(Map.of("apiVersion", "cert-manager.io/v1", "kind", "CertificateRequest", "metadata",
				Map.of("annotations", this.annotations), "spec", spec));
	}

	@Override
	public Signer signer(RequestObject object) {
		JsonObject reference = ApiObjects.member(object.spec(), "issuerRef");
		return new Signer.Issuer(RequestObject.text(reference, "kind", "Issuer"),
				RequestObject.text(reference, "name", ""),
				RequestObject.text(reference, "group", Signer.Issuer.CERT_MANAGER));
	}

	/** A request that approvers found invalid must not be used, even if it is ready. */
	@Override
	public Optional<List<X509Certificate>> issuedChain(RequestObject object) {
		Signer issuer = signer(object);
		object.condition("InvalidRequest").filter(CertManagerRequests::isTrue).ifPresent((invalid) -> {
			throw RequestException.rejected(0, RequestObject.reason(invalid), "%s is invalid: %s"
				.formatted(RequestException.describe(object.name(), issuer), RequestObject.message(invalid)));
		});
		object.condition("Denied").filter(CertManagerRequests::isTrue).ifPresent((denied) -> {
			throw object.denied(denied, issuer);
		});
		JsonObject ready = object.condition(READY).orElseGet(JsonObject::new);
		switch (RequestObject.reason(ready)) {
			case "Denied" -> throw object.denied(ready, issuer);
			case "Failed" -> throw object.failed(ready, issuer);
			default -> {
				return isTrue(ready) ? object.certificates(RequestObject.CERTIFICATE, issuer) : Optional.empty();
			}
		}
	}

	/**
	 * It may say that the issuer does not exist, which often is one of the other kind.
	 */
	@Override
	public String message(RequestObject object) {
		String message = object.condition(READY)
			.filter((ready) -> !isTrue(ready))
			.map(RequestObject::message)
			.orElse("");
		return (message.startsWith("Referenced \"Issuer\" not found"))
				? message + "; if it is a ClusterIssuer, set 'issuer.kind' to 'ClusterIssuer'" : message;
	}

	@Override
	public List<X509Certificate> authorities(RequestObject object) {
		return object.certificates("ca", signer(object)).orElse(List.of());
	}

	@Override
	public boolean keepsObjects() {
		return true;
	}

	private static boolean isTrue(JsonObject condition) {
		return "True".equals(ApiObjects.text(condition, "status"));
	}

}
