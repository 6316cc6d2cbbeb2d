package io.kubelet.cert.request;

import java.security.PublicKey;
import java.security.interfaces.RSAKey;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.Usage;

/**
 * The usages to request if none are configured: digital signature, key encipherment for
 * RSA keys only, and client auth or server auth, depending on the signer. A signer that
 * is not one of Kubernetes' own is asked for both.
 */
public final class DefaultUsages {

	private DefaultUsages() {
	}

	/**
	 * Returns the usages for a request.
	 * @param signerName the signer
	 * @param key the public key
	 * @return the usages in the order in which the kubelet sends them
	 */
	public static List<Usage> of(String signerName, PublicKey key) {
		List<Usage> usages = new ArrayList<>();
		usages.add(Usage.DIGITAL_SIGNATURE);
		if (key instanceof RSAKey) {
			usages.add(Usage.KEY_ENCIPHERMENT);
		}
		switch (signerName) {
			case "kubernetes.io/kubelet-serving" -> usages.add(Usage.SERVER_AUTH);
			case "kubernetes.io/kube-apiserver-client", "kubernetes.io/kube-apiserver-client-kubelet" ->
				usages.add(Usage.CLIENT_AUTH);
			default -> usages.addAll(List.of(Usage.SERVER_AUTH, Usage.CLIENT_AUTH));
		}
		return usages;
	}

}
