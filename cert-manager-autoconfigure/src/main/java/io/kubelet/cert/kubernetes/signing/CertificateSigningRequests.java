package io.kubelet.cert.kubernetes.signing;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.RequestException;

/**
 * The CertificateSigningRequest API of Kubernetes, {@code certificates.k8s.io/v1}.
 */
final class CertificateSigningRequests implements SigningApi {

	@Override
	public String path() {
		return "/apis/certificates.k8s.io/v1/certificatesigningrequests";
	}

	@Override
	public JsonObject newObject(CertificateRequest request) {
		JsonObject spec = RequestObject.spec(request);
		spec.addProperty("signerName", request.signerName());
		if (request.requestedLifetime() != null) {
			spec.addProperty("expirationSeconds", (int) request.requestedLifetime().toSeconds());
		}
		JsonObject object = new JsonObject();
		object.addProperty("apiVersion", "certificates.k8s.io/v1");
		object.addProperty("kind", "CertificateSigningRequest");
		object.add("spec", spec);
		return object;
	}

	@Override
	public String signerName(RequestObject object) {
		return RequestObject.text(object.spec(), "signerName", "");
	}

	@Override
	public Optional<List<X509Certificate>> issuedChain(RequestObject object) {
		String signerName = signerName(object);
		object.condition("Denied").ifPresent((denied) -> {
			throw RequestException.denied(object.name(), signerName, RequestObject.text(denied, "reason", "Denied"),
					RequestObject.message(denied));
		});
		object.condition("Failed").ifPresent((failed) -> {
			throw RequestException.failed(object.name(), signerName, RequestObject.text(failed, "reason", "Failed"),
					RequestObject.message(failed));
		});
		return object.condition("Approved").flatMap((approved) -> object.certificate(signerName));
	}

}
