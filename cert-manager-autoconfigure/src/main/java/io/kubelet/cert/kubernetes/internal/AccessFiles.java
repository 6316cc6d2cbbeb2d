package io.kubelet.cert.kubernetes.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * The files that a client is created from: a kubeconfig and, for a node, the one to
 * bootstrap with.
 *
 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
 * @param bootstrapKubeconfig the kubeconfig with the bootstrap credentials, {@code null}
 * if there is none
 * @param context the context, {@code null} for the current one
 * @param clock the clock
 */
record AccessFiles(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
		Clock clock) {

	boolean canBootstrap() {
		return this.bootstrapKubeconfig != null;
	}

	/**
	 * Creates a client. Reads the files, and may run a credential plug-in.
	 * @param pair the pair to authenticate with, {@code null} for the credentials in the
	 * files
	 * @param plugIns is called with the plug-in before it runs
	 * @throws KubernetesConfigurationException if the files cannot be used
	 */
	ApiClient connect(@Nullable CertificatePair pair, Consumer<CredentialPlugIn> plugIns) {
		try {
			return create(pair, plugIns);
		}
		catch (KubernetesConfigurationException | Error ex) {
			throw ex;
		}
		catch (Throwable ex) {
			// Not as its cause, because its message may quote a credential
			KubernetesConfigurationException failure = new KubernetesConfigurationException(
					"The content of the kubeconfig cannot be used (%s)".formatted(ex.getClass().getSimpleName()));
			failure.setStackTrace(ex.getStackTrace());
			throw failure;
		}
	}

	private ApiClient create(@Nullable CertificatePair pair, Consumer<CredentialPlugIn> plugIns) {
		Path bootstrap = this.bootstrapKubeconfig;
		if (bootstrap == null || this.kubeconfig == null) {
			return create(Kubeconfigs.read(this.kubeconfig, this.context), plugIns);
		}
		KubeconfigFile node = KubeconfigFile.read(this.kubeconfig, null);
		CertificatePair credentials = (pair != null) ? pair
				: node.validClientCertificate(this.clock.instant()).orElse(null);
		if (credentials != null) {
			return KubernetesClients.create(node, () -> Credentials.ofPair(credentials));
		}
		if (!Files.exists(bootstrap)) {
			throw new KubernetesConfigurationException(
					"There is no valid client certificate, and there is no bootstrap kubeconfig %s to request one with (kubelet.cert.kubernetes.bootstrap-kubeconfig)"
						.formatted(bootstrap));
		}
		return create(KubeconfigFile.read(bootstrap, this.context), plugIns);
	}

	private static ApiClient create(KubeconfigFile file, Consumer<CredentialPlugIn> plugIns) {
		return KubernetesClients.create(file, () -> credentials(file, plugIns));
	}

	/**
	 * Returns the credentials of the user in a kubeconfig, the first of: client
	 * certificate, token file, password, plug-in, token.
	 * @param kubeconfig the kubeconfig
	 * @param plugIns accepts a plug-in before it is started
	 * @throws KubernetesConfigurationException if they cannot be read
	 */
	private static Credentials credentials(KubeconfigFile kubeconfig, Consumer<CredentialPlugIn> plugIns) {
		CertificatePair pair = kubeconfig.clientCertificate();
		if (pair != null) {
			return Credentials.ofPair(pair);
		}
		String tokenFile = kubeconfig.userText("tokenFile");
		if (tokenFile != null) {
			return Credentials.ofToken(new TokenFile(kubeconfig.sibling(tokenFile)));
		}
		String name = kubeconfig.userText("username");
		String password = kubeconfig.userText("password");
		if (name != null && password != null) {
			return Credentials.ofPassword(name, password);
		}
		if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
			return new CredentialPlugIn(kubeconfig, exec).run(plugIns);
		}
		String token = kubeconfig.userText("token");
		if (token != null) {
			if (!TokenFile.isToken(token)) {
				throw new KubernetesConfigurationException("The " + kubeconfig.describeUser()
						+ " has a token with invalid characters, such as a line break");
			}
			return Credentials.ofToken(() -> token);
		}
		if (kubeconfig.user().containsKey("auth-provider")) {
			throw new KubernetesConfigurationException("The " + kubeconfig.describeUser()
					+ " has an 'auth-provider', which is not supported: use a credential plug-in ('exec') instead");
		}
		return Credentials.NONE;
	}

	KubernetesConfigurationException timedOut(@Nullable CredentialPlugIn plugIn, Duration timeout) {
		String limit = "within " + ReadableDuration.of(timeout);
		Path named = (this.bootstrapKubeconfig != null) ? this.bootstrapKubeconfig : this.kubeconfig;
		return new KubernetesConfigurationException((plugIn != null)
				? "%s did not end %s and was terminated. Run it by hand, as the user of this process, to see what it waits for"
					.formatted(plugIn, limit)
				: "The kubeconfig%s and the files that it names were not read %s: their disk or network may hang"
					.formatted((named != null) ? " " + named : "", limit));
	}

}
