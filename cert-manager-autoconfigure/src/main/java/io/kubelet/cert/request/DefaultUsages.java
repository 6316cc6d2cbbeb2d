package io.kubelet.cert.request;

import java.security.PublicKey;
import java.security.interfaces.RSAKey;
import java.util.ArrayList;
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
		List<Usage> usages = new ArrayList<>();
		usages.add(Usage.DIGITAL_SIGNATURE);
		if (key instanceof RSAKey) {
			usages.add(Usage.KEY_ENCIPHERMENT);
		}
		usages.add(switch (signerName) {
			case "kubernetes.io/kubelet-serving" -> Usage.SERVER_AUTH;
			case "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet" ->
				Usage.CLIENT_AUTH;
			default -> (template.dnsNames().isEmpty() && template.ipAddresses().isEmpty()) ? Usage.CLIENT_AUTH
					: Usage.SERVER_AUTH;
		});
		return List.copyOf(usages);
	}

}
