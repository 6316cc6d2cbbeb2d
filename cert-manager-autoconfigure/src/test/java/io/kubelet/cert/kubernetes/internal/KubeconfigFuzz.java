package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a kubeconfig that fails otherwise than with a report of what is wrong, or
 * whose secrets are in that report.
 */
class KubeconfigFuzz {

	private static final Path FILE = file();

	private static final List<String> SECRET = List.of("token", "password", "client-key-data");

	/** Shorter ones may be a part of any message. */
	private static final int SHORTEST_SECRET = 12;

	@FuzzTest
	void kubeconfig(byte[] input) throws IOException {
		Files.write(FILE, input);
		FuzzedInput.requireCheap(KubeconfigFuzz::read);
	}

	private static void read() {
		List<String> secrets = new ArrayList<>();
		try {
			KubeconfigFile kubeconfig = KubeconfigFile.read(FILE, null);
			for (String name : SECRET) {
				if (kubeconfig.user().get(name) instanceof String secret && secret.length() >= SHORTEST_SECRET) {
					secrets.add(secret);
				}
			}
			assertThat(kubeconfig.authorityFiles()).isNotEmpty();
			kubeconfig.validClientCertificate(Instant.EPOCH);
			kubeconfig.describeUser();
			String token = kubeconfig.text(kubeconfig.user(), "token");
			if (token != null) {
				Credentials.checked(token, kubeconfig.describeUser());
			}
			kubeconfig.authorities();
			FuzzedInput
				.requireShowable(KubernetesClients.create(kubeconfig, Credentials.NONE, Trust::system).toString());
			if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
				FuzzedInput.requireShowable(new CredentialPlugIn(kubeconfig, exec).toString());
			}
			kubeconfig.clientCertificate();
		}
		catch (KubernetesConfigurationException ex) {
			String message = String.valueOf(ex.getMessage());
			FuzzedInput.requireShowable(message);
			secrets.forEach((secret) -> assertThat(message).doesNotContain(secret));
		}
	}

	private static Path file() {
		try {
			Path file = Files.createTempFile("kubeconfig", "");
			file.toFile().deleteOnExit();
			return file;
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
