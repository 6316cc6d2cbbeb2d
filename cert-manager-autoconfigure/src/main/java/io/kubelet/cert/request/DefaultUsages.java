package io.kubelet.cert.request;

import java.security.PublicKey;
import java.security.interfaces.RSAKey;
import java.util.List;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;

/**
 * The usages to request if none are configured: digital signature, key encipherment for
 * RSA keys only, and either server auth or client auth. Kubernetes' own signers determine
 * which one. Other signers are asked for server auth if the certificate has DNS names or
 * IP addresses that a client could verify, and otherwise for client auth. No signer is
 * asked for both, because a signer of serving certificates may refuse client auth.
 */
public final class DefaultUsages {

	private DefaultUsages() {
	}

	/**
	 * Returns the usages for a request.
	 * @param signerName the signer
	 * @param template the template
	 * @param key the public key
	 * @return the usages in the order in which the kubelet sends them
	 */
	public static List<Usage> of(String signerName, CertificateTemplate template, PublicKey key) {
		boolean server = switch (signerName) {
			case "kubernetes.io/kubelet-serving" -> true;
			case "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet" -> false;
			default -> !template.dnsNames().isEmpty() || !template.ipAddresses().isEmpty();
		};
		Usage purpose = server ? Usage.SERVER_AUTH : Usage.CLIENT_AUTH;
		return (key instanceof RSAKey) ? List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, purpose)
				: List.of(Usage.DIGITAL_SIGNATURE, purpose);
	}

}
