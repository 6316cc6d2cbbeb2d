package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * The files that a client is created from: a kubeconfig and, for a node, the one to
 * bootstrap with.
 *
 * @param kubeconfig the kubeconfig
 * @param bootstrapKubeconfig the kubeconfig with the bootstrap credentials, {@code null}
 * if there is none
 * @param context the context of the bootstrap kubeconfig, {@code null} for its current
 * one
 * @param clock the clock
 */
record AccessFiles(KubeconfigSource kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
		Clock clock) {

	/** Shorter than the wait at startup, so that the reason is reported. */
	private static final Duration PLUG_IN_TIMEOUT = Duration.ofSeconds(30);

	/** Left out, requests would be those of another user. */
	private static final List<String> IMPERSONATION = List.of("as", "as-uid", "as-groups", "as-user-extra");

	/** Alone and left out, requests would be those of nobody. */
	private static final List<String> OTHER_CREDENTIALS = List.of("username", "password", "auth-provider");

	boolean canBootstrap() {
		return this.bootstrapKubeconfig != null;
	}

	/**
	 * Creates a client. Reads the files, and may run a credential plug-in.
	 * @param pair the pair to authenticate with, {@code null} for the credentials in the
	 * files
	 * @param sources takes what the client is created from
	 * @throws KubernetesConfigurationException if the files cannot be used
	 */
	ApiClient connect(@Nullable CertificatePair pair, ClientSources sources) {
		try {
			return create(pair, sources);
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

	private ApiClient create(@Nullable CertificatePair pair, ClientSources sources) {
		Path bootstrap = this.bootstrapKubeconfig;
		sources.add(Stream.concat(this.kubeconfig.files(), Stream.ofNullable(bootstrap)));
		KubeconfigFile file = this.kubeconfig.read();
		if (bootstrap == null) {
			return KubernetesClients.create(file, credentials(file, sources), this.kubeconfig.trust(file));
		}
		if (pair == null) {
			sources.add(file.clientCertificateFiles());
			sources.addExpiring(null);
		}
		CertificatePair credentials = (pair != null) ? pair
				: file.validClientCertificate(this.clock.instant()).orElse(null);
		if (credentials != null) {
			return KubernetesClients.create(file, Credentials.ofPair(credentials), this.kubeconfig.trust(file));
		}
		if (!Files.exists(bootstrap)) {
			throw new KubernetesConfigurationException(
					"There is no valid client certificate, and there is no bootstrap kubeconfig %s to request one with (kubelet.cert.kubernetes.bootstrap-kubeconfig)"
						.formatted(bootstrap));
		}
		KubeconfigSource source = new KubeconfigSource(bootstrap, this.context);
		KubeconfigFile bootstrapFile = source.read();
		return KubernetesClients.create(bootstrapFile, credentials(bootstrapFile, sources),
				source.trust(bootstrapFile));
	}

	/**
	 * Returns the credentials of the user in a kubeconfig, the first of: client
	 * certificate, token file, token, plug-in, as with client-go.
	 * @param kubeconfig the kubeconfig
	 * @param sources takes what they are read from, but for a token file, which is read
	 * for each request
	 * @throws KubernetesConfigurationException if they cannot be read
	 */
	private Credentials credentials(KubeconfigFile kubeconfig, ClientSources sources) {
		requireNone(IMPERSONATION, kubeconfig);
		sources.add(kubeconfig.clientCertificateFiles());
		CertificatePair pair = kubeconfig.clientCertificate();
		if (pair != null) {
			return Credentials.ofPair(pair);
		}
		String tokenFile = kubeconfig.text(kubeconfig.user(), "tokenFile");
		if (tokenFile != null) {
			return Credentials.ofToken(token(kubeconfig.sibling(tokenFile), kubeconfig.describeFile("tokenFile")));
		}
		String token = kubeconfig.text(kubeconfig.user(), "token");
		if (token != null) {
			Credentials.checked(token, "The " + kubeconfig.describeUser());
			return Credentials.ofToken(() -> token);
		}
		if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec) {
			Credentials printed = new CredentialPlugIn(kubeconfig, exec).run(PLUG_IN_TIMEOUT);
			Instant end = printed.expiresAt();
			// A time that is over says nothing: none in Go, or a clock that is ahead
			sources.addExpiring((end != null && end.isAfter(this.clock.instant())) ? end : null);
			return printed;
		}
		requireNone(OTHER_CREDENTIALS, kubeconfig);
		return Credentials.NONE;
	}

	private static void requireNone(List<String> unsupported, KubeconfigFile kubeconfig) {
		for (String name : unsupported) {
			Object value = kubeconfig.user().get(name);
			if (value != null && Stream.of("", List.of(), Map.of()).noneMatch((nothing) -> nothing.equals(value))) {
				throw new KubernetesConfigurationException(
						"The %s has '%s', which is not supported: use a client certificate, a token or 'exec'"
							.formatted(kubeconfig.describeUser(), name));
			}
		}
	}

	/**
	 * Reads the token for each request: that of a service account is replaced from time
	 * to time. While the file has none that can be sent, the last one is used.
	 */
	private static Supplier<String> token(Path file, String description) {
		AtomicReference<String> last = new AtomicReference<>(readToken(file, description));
		return () -> {
			try {
				return last.updateAndGet((before) -> readToken(file, description));
			}
			catch (KubernetesConfigurationException ex) {
				return last.get();
			}
		};
	}

	private static String readToken(Path file, String description) {
		try {
			return Credentials.checked(TextFile.read(file).trim(), description);
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of(description, "read", ex);
		}
	}

}
