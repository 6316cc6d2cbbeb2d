package io.kubelet.cert.test;

/**
 * Writes the file that tells clients where the control plane is and who they are.
 */
final class Kubeconfig {

	private Kubeconfig() {
	}

	static String of(String url, String caPem, Credential credential) {
		return """
				apiVersion: v1
				kind: Config
				clusters:
				- name: embedded
				  cluster:
				    server: %s
				    certificate-authority-data: %s
				users:
				- name: %s
				  user:
				%s
				contexts:
				- name: embedded
				  context:
				    cluster: embedded
				    user: %s
				current-context: embedded
				""".formatted(url, Pem.encode(caPem), credential.name(), user(credential), credential.name());
	}

	private static String user(Credential credential) {
		if (credential instanceof ClientCertificate certificate) {
			return "    client-certificate-data: %s\n    client-key-data: %s"
				.formatted(Pem.encode(certificate.certificatePem()), Pem.encode(certificate.keyPem()));
		}
		return "    token: " + ((Credential.Token) credential).token();
	}

}
