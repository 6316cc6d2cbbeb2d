package io.kubelet.cert.autoconfigure.settings;

import io.kubelet.cert.certificate.Signer;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of certificate that a kubelet has.
 */
public enum Profile {

	/** The certificate that a node authenticates with to the API server. */
	KUBELET_CLIENT("kubelet-client", "kubernetes.io/kube-apiserver-client-kubelet"),

	/** The certificate that a node serves with. */
	KUBELET_SERVING("kubelet-server", "kubernetes.io/kubelet-serving");

	/** Begins the common name of every node, as the node authorizer requires. */
	static final String NODE_PREFIX = "system:node:";

	/** The organization of every node. */
	static final String NODES = "system:nodes";

	private final String pairName;

	private final Signer signer;

	Profile(String pairName, String signerName) {
		this.pairName = pairName;
		this.signer = new Signer.Named(signerName);
	}

	/**
	 * Returns the name of the node that a certificate identifies.
	 * @param commonName the common name of the certificate
	 * @return the name, {@code null} if it identifies no node
	 */
	public static @Nullable String nodeName(@Nullable String commonName) {
		return (commonName != null && commonName.startsWith(NODE_PREFIX)) ? commonName.substring(NODE_PREFIX.length())
				: null;
	}

	String pairName() {
		return this.pairName;
	}

	Signer signer() {
		return this.signer;
	}

}
