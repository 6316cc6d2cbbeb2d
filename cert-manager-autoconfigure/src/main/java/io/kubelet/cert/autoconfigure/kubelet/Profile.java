package io.kubelet.cert.autoconfigure.kubelet;

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
	public static final String NODE_PREFIX = "system:node:";

	/** The organization of every node. */
	public static final String NODES = "system:nodes";

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

	/**
	 * Returns the default name of the certificate, and of its pair files.
	 * @return the name
	 */
	public String pairName() {
		return this.pairName;
	}

	/**
	 * Returns the signer of the certificate.
	 * @return the signer
	 */
	public Signer signer() {
		return this.signer;
	}

}
