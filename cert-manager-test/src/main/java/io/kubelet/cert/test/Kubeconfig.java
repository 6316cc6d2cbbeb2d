package io.kubelet.cert.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.kubelet.cert.test.pki.Pem;

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
				    user: %s%s
				current-context: embedded
				""".formatted(url, Pem.encode(caPem), credential.name(), user(credential), credential.name(),
				namespace(credential));
	}

	/** Write a kubeconfig into a directory, under the credential's name. */
	static Path write(Path directory, Credential credential, String content) {
		try {
			Files.createDirectories(directory);
			return Files.writeString(directory.resolve(credential.name() + ".kubeconfig"), content);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The kubeconfig cannot be written to " + directory, ex);
		}
	}

	/** A name without what file systems do not like. */
	static String fileName(String name) {
		return name.replaceAll("[^A-Za-z0-9._-]", "-");
	}

	private static String namespace(Credential credential) {
		return (credential instanceof Credential.Token token && !token.namespace().isEmpty())
				? "\n    namespace: " + token.namespace() : "";
	}

	private static String user(Credential credential) {
		if (credential instanceof ClientCertificate certificate) {
			return "    client-certificate-data: %s\n    client-key-data: %s"
				.formatted(Pem.encode(certificate.certificatePem()), Pem.encode(certificate.keyPem()));
		}
		return "    token: " + ((Credential.Token) credential).token();
	}

}
