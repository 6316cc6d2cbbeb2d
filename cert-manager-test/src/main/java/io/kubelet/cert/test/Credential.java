package io.kubelet.cert.test;

/**
 * What a client shows to say who it is: a bearer token, or a certificate and its key.
 */
public sealed interface Credential permits Credential.Token, ClientCertificate {

	/**
	 * A name for it, fit for a file.
	 * @return the name
	 */
	String name();

	/**
	 * A bearer token that the control plane knows.
	 * @param name a name for it
	 * @param token the token
	 * @return the credential
	 */
	static Credential token(String name, String token) {
		return new Token(name, token);
	}

	/**
	 * A bearer token.
	 *
	 * @param name a name for it, fit for a file
	 * @param token the token
	 * @param namespace the namespace of a kubeconfig for it; empty for none
	 */
	record Token(String name, String token, String namespace) implements Credential {

		public Token(String name, String token) {
			this(name, token, "");
		}

		@Override
		public String toString() {
			return "Token[" + this.name + "]";
		}

	}

}
