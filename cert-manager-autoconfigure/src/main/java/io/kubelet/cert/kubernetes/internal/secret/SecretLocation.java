package io.kubelet.cert.kubernetes.internal.secret;

/**
 * Where a Secret is.
 *
 * @param namespace its namespace
 * @param name its name
 * @param certificate the name of the certificate that it is for
 */
record SecretLocation(String namespace, String name, String certificate) {

	String path() {
		return "/api/v1/namespaces/" + this.namespace + "/secrets";
	}

	@Override
	public String toString() {
		return "Secret " + this.namespace + "/" + this.name;
	}

}
