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
 * Looks for a kubeconfig, or an answer of its credential plug-in, that fails otherwise
 * than with a report of what is wrong, or whose secrets are in that report.
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

	private static final Pattern BEFORE_PEM = Pattern.compile("\"clientKeyData\"\\s*:\\s*\"");

	private static final CredentialPlugIn PLUG_IN = new CredentialPlugIn(
			new KubeconfigFile(FILE, Map.of(), null, Map.of(), "shop", Map.of(), null),
			Map.of("command", "login", "apiVersion", "client.authentication.k8s.io/v1"));

	/** Comes before a password in a URL. */
	private static final Pattern BEFORE_PASSWORD = Pattern
		.compile("(?:server|proxy-url)[\"']?\\s*:\\s+[\"']?(?:https?://)+[\\w.-]*:(?=[^\\s/\"'@]*@)");

	@FuzzTest
	void kubeconfig(byte[] input) throws IOException {
		String secret = FuzzedInput.secret(input);
		String encoded = FuzzedInput.encoded(secret);
		String text = new String(input, StandardCharsets.UTF_8);
		text = FuzzedInput.withSecret(text, BEFORE_SECRET, secret);
		text = FuzzedInput.withSecret(text, BEFORE_PASSWORD, secret);
		if (text.startsWith("\0")) {
			String output = FuzzedInput.withSecret(text.substring(1), BEFORE_PEM, secret + "\\\\n");
			Set<String> secrets = FuzzedInput.piecesIn(output, secret, encoded);
			FuzzedInput.requireCheap(() -> readOutput(output, secrets));
			return;
		}
		String kubeconfig = FuzzedInput.withSecret(text, BEFORE_KEY, encoded);
		Set<String> secrets = FuzzedInput.piecesIn(kubeconfig, secret, encoded);
		Files.writeString(FILE, kubeconfig);
		FuzzedInput.requireCheap(() -> read(secrets));
	}

	private static void read(Set<String> secrets) {
		try {
			KubeconfigFile kubeconfig = KubeconfigFile.read(FILE, null);
			requireShowable(kubeconfig, secrets);
			assertThat(kubeconfig.authorityFiles()).isNotEmpty();
			kubeconfig.validClientCertificate(Instant.EPOCH);
			requireShowable(kubeconfig.describeUser(), secrets);
			String token = kubeconfig.text(kubeconfig.user(), "token");
			if (token != null) {
				Credentials.checked(token, kubeconfig.describeUser());
			}
			kubeconfig.authorities();
			requireShowable(KubernetesClients.create(kubeconfig, Credentials.NONE, Trust::system), secrets);
			kubeconfig.clusterInfo();
			kubeconfig.clientCertificate();
			if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
				requireShowable(new CredentialPlugIn(kubeconfig, exec), secrets);
			}
		}
		catch (KubernetesConfigurationException ex) {
			requireShowable(String.valueOf(ex.getMessage()), secrets);
		}
	}

	/** As a credential plug-in prints it. */
	private static void readOutput(String output, Set<String> secrets) {
		try {
			Credentials credentials = PLUG_IN.credentials(output);
			assertThat((credentials.keys() != null) != (credentials.authorization() != null)).isTrue();
			requireShowable(credentials, secrets);
		}
		catch (KubernetesConfigurationException ex) {
			requireShowable(String.valueOf(ex.getMessage()), secrets);
		}
	}

	private static void requireShowable(Object shown, Set<String> secrets) {
		FuzzedInput.requireShowable(shown.toString());
		FuzzedInput.requireNoSecret(shown.toString(), secrets);
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
