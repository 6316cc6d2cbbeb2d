package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

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

	/**
	 * Comes before the value of {@code token}, {@code id-token}, {@code client-secret}
	 * and the like, and of a variable of a plug-in.
	 */
	private static final Pattern BEFORE_SECRET = Pattern
		.compile("(?:token|password|secret|value)[\"']?\\s*:\\s+(?:[|>]\\s+)?[\"'\\[{]*(?=\\w)");

	private static final Pattern BEFORE_KEY = Pattern.compile("client-key-data[\"']?\\s*:\\s+(?:[|>]\\s+)?[\"']?");

	/** A password in a URL. */
	private static final Pattern BEFORE_PASSWORD = Pattern.compile("https?://[\\w.-]*:(?=[^\\s/\"'@]*@)");

	private static final Set<String> SECRETS = FuzzedInput.piecesOf(FuzzedInput.SECRET, FuzzedInput.ENCODED_SECRET);

	@FuzzTest
	void kubeconfig(byte[] input) throws IOException {
		String text = new String(input, StandardCharsets.UTF_8);
		text = FuzzedInput.withSecret(text, BEFORE_SECRET, FuzzedInput.SECRET);
		text = FuzzedInput.withSecret(text, BEFORE_PASSWORD, FuzzedInput.SECRET);
		text = FuzzedInput.withSecret(text, BEFORE_KEY, FuzzedInput.ENCODED_SECRET);
		Files.writeString(FILE, text);
		FuzzedInput.requireCheap(KubeconfigFuzz::read);
	}

	private static void read() {
		try {
			KubeconfigFile kubeconfig = KubeconfigFile.read(FILE, null);
			requireShowable(kubeconfig);
			assertThat(kubeconfig.authorityFiles()).isNotEmpty();
			kubeconfig.validClientCertificate(Instant.EPOCH);
			requireShowable(kubeconfig.describeUser());
			String token = kubeconfig.text(kubeconfig.user(), "token");
			if (token != null) {
				Credentials.checked(token, kubeconfig.describeUser());
			}
			kubeconfig.authorities();
			requireShowable(KubernetesClients.create(kubeconfig, Credentials.NONE, Trust::system));
			kubeconfig.clusterInfo();
			if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
				requireShowable(new CredentialPlugIn(kubeconfig, exec));
			}
			kubeconfig.clientCertificate();
		}
		catch (KubernetesConfigurationException ex) {
			requireShowable(String.valueOf(ex.getMessage()));
		}
	}

	private static void requireShowable(Object shown) {
		FuzzedInput.requireShowable(shown.toString());
		FuzzedInput.requireNoSecret(shown.toString(), SECRETS);
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
