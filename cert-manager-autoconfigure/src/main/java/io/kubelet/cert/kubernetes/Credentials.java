package io.kubelet.cert.kubernetes;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * What a client presents to the API server: a client certificate, or the value of the
 * header {@code Authorization}, or nothing.
 *
 * @param keys present the client certificate, {@code null} for none
 * @param authorization returns the value of the header for each request, {@code null} for
 * none
 */
record Credentials(KeyManager @Nullable [] keys, @Nullable Supplier<String> authorization) {

	static Credentials ofKeys(KeyManager[] keys) {
		return new Credentials(keys, null);
	}

	static Credentials ofToken(Supplier<String> token) {
		return new Credentials(null, () -> "Bearer " + token.get());
	}

	/**
	 * Return the credentials of the user in a kubeconfig, the first of: client
	 * certificate, token file, password, plug-in, token.
	 * @param kubeconfig the kubeconfig
	 * @param plugIns takes a plug-in before it is run
	 * @throws KubernetesConfigurationException if they cannot be read
	 */
	static Credentials of(KubeconfigFile kubeconfig, Consumer<CredentialPlugIn> plugIns) {
		CertificatePair pair = kubeconfig.clientCertificate();
		if (pair != null) {
			return ofKeys(ClientKeys.of(pair));
		}
		String tokenFile = kubeconfig.userText("tokenFile");
		if (tokenFile != null) {
			return ofToken(new TokenFile(kubeconfig.sibling(tokenFile)));
		}
		String name = kubeconfig.userText("username");
		String password = kubeconfig.userText("password");
		if (name != null && password != null) {
			String basic = "Basic "
					+ Base64.getEncoder().encodeToString((name + ":" + password).getBytes(StandardCharsets.UTF_8));
			return new Credentials(null, () -> basic);
		}
		if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
			return new CredentialPlugIn(kubeconfig, exec).run(plugIns);
		}
		String token = kubeconfig.userText("token");
		if (token != null) {
			if (!fitsHeader(token)) {
				throw new KubernetesConfigurationException("The " + kubeconfig.describeUser()
						+ " has a token with characters that no token has, such as a line break");
			}
			return ofToken(() -> token);
		}
		if (kubeconfig.user().containsKey("auth-provider")) {
			throw new KubernetesConfigurationException("The " + kubeconfig.describeUser()
					+ " has an 'auth-provider', which is not supported: use a credential plug-in ('exec') instead");
		}
		return new Credentials(null, null);
	}

	/** Whether the text can stand in a header: the HTTP client refuses other text. */
	static boolean fitsHeader(String token) {
		return !token.isEmpty() && token.chars().allMatch((character) -> character > ' ' && character < 0x7f);
	}

	/** The credentials are in no text. */
	@Override
	public String toString() {
		return (this.keys != null) ? "client certificate" : (this.authorization != null) ? "Authorization" : "none";
	}

}
