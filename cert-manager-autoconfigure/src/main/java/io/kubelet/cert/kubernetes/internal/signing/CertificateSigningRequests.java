package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.kubernetes.internal.ApiObjects;

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
		spec.addProperty("signerName", request.signer().toString());
		if (request.requestedLifetime() != null) {
			spec.addProperty("expirationSeconds", (int) request.requestedLifetime().toSeconds());
		}
		return ApiObjects
			.object(Map.of("apiVersion", "certificates.k8s.io/v1", "kind", "CertificateSigningRequest", "spec", spec));
	}

	@Override
	public Signer signer(RequestObject object) {
		return new Signer.Named(RequestObject.text(object.spec(), "signerName", ""));
	}

	@Override
	public Optional<List<X509Certificate>> issuedChain(RequestObject object) {
		Signer signer = signer(object);
		object.condition("Denied").ifPresent((denied) -> {
			throw object.denied(denied, signer);
		});
		object.condition("Failed").ifPresent((failed) -> {
			throw object.failed(failed, signer);
		});
		return object.condition("Approved")
			.flatMap((approved) -> object.certificates(RequestObject.CERTIFICATE, signer));
	}

}
