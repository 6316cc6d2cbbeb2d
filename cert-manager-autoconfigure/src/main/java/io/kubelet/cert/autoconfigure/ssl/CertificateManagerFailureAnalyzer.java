package io.kubelet.cert.autoconfigure.ssl;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.InvalidSettingsException;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Reports what to do when an application does not start because it has no certificate.
 */
class CertificateManagerFailureAnalyzer extends AbstractFailureAnalyzer<CertificateManagerException> {

	private static final String IN_BACKGROUND = " To start without the certificate and obtain it later, set '%s' to 'background'.";

	private static final String KUBECONFIG = "'kubelet.cert.kubernetes.kubeconfig'";

	private static final String BOOTSTRAP_KUBECONFIG = "'kubelet.cert.kubernetes.bootstrap-kubeconfig'";

	private static final String CONTEXT = "'kubelet.cert.kubernetes.context'";

	private final boolean bootstrapping;

	CertificateManagerFailureAnalyzer(Environment environment) {
		this.bootstrapping = StringUtils
			.hasText(environment.getProperty("kubelet.cert.kubernetes.bootstrap-kubeconfig"));
	}

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, CertificateManagerException cause) {
		return new FailureAnalysis(cause.report(), action(cause), cause);
	}

	private String action(CertificateManagerException cause) {
		if (cause instanceof CertificateUnavailableException unavailable) {
			return action(unavailable)
					+ IN_BACKGROUND.formatted(unavailable.settings().properties().of("startup.mode"));
		}
		return (cause instanceof InvalidSettingsException invalid) ? invalid.action() : action(cause, KUBECONFIG);
	}

	private String action(CertificateUnavailableException unavailable) {
		CertificateSettings settings = unavailable.settings();
		boolean issuer = settings.request().issuer() != null;
		if (unavailable.action() != null) {
			return unavailable.action();
		}
		if (kind(unavailable.getCause()) == Kind.REFUSED) {
			return "Check what the signer issues, and request that: change the template, the usages or '%s'. Or name another %s ('%s')."
				.formatted(settings.properties().of("signer-ca-file"), issuer ? "issuer" : "signer",
						settings.properties().of(issuer ? "issuer.name" : "signer-name"));
		}
		if (kind(unavailable.getCause()) == Kind.TIMED_OUT && issuer) {
			return "Make sure that cert-manager runs in the cluster and that somebody approves the request.";
		}
		return action(unavailable.getCause(), connection(settings));
	}

	/** Additional certificates are requested with the first one. */
	private String connection(CertificateSettings settings) {
		boolean first = settings.properties().prefix().equals("kubelet.cert");
		return (this.bootstrapping && first)
				? BOOTSTRAP_KUBECONFIG + ", or " + KUBECONFIG + " if that has a valid certificate" : KUBECONFIG;
	}

	private String action(@Nullable Throwable failure, String connection) {
		// A Secret was not stored because of an answer of the API server
		Throwable cause = (failure instanceof StoreException
				&& failure.getCause() instanceof CertificateManagerException answer
				&& !(answer instanceof MalformedPemException)) ? answer : failure;
		if (cause instanceof KubernetesConfigurationException problem && problem.kind() == Kind.OTHER) {
			return this.bootstrapping
					? "Set %s to a kubeconfig, and %s to another kubeconfig or to a file that does not exist yet. Set %s to a context of the former, or leave it empty for its current context."
						.formatted(BOOTSTRAP_KUBECONFIG, KUBECONFIG, CONTEXT)
					: "Correct what the description names, or set %s to a kubeconfig (and %s to a context other than its current one), or run in a pod with a service account."
						.formatted(KUBECONFIG, CONTEXT);
		}
		return switch (kind(cause)) {
			case UNAUTHORIZED ->
				"Replace the token or the client certificate in the kubeconfig (%s).".formatted(connection);
			case FORBIDDEN ->
				"Grant the permission with the commands above, or use other credentials (%s). If there are none, change what the message objects to: no permission helps."
					.formatted(connection);
			case REJECTED ->
				(cause instanceof RequestException rejected && rejected.statusCode() == 404)
						? "Do what the description says, or name the API server of another cluster (%s)."
							.formatted(connection)
						: "Change the properties of the certificate to what the API server accepts.";
			case UNAVAILABLE, UNTRUSTED -> ((kind(cause) == Kind.UNTRUSTED)
					? "Add the certificate authority of this API server to 'certificate-authority-data' in the kubeconfig (%s), or in a pod without one, to ca.crt of the service account."
					: "Make sure that the API server runs, with the webhooks that it calls, and that this machine can reach it, or name another one (%s).")
				.formatted(connection)
					+ ((cause instanceof KubernetesConfigurationException)
							? " To start without what is read from it, set 'kubelet.cert.startup.mode' to 'background'."
							: "");
			case DENIED, FAILED ->
				"Ask whoever approves and signs requests in the cluster, or change the signer, the template or the usages.";
			case STORE -> "Make sure that this process can read and write the files above and that they are complete, "
					+ "or set 'kubelet.cert.cert-dir' to another directory.";
			case TIMED_OUT ->
				"Have the request approved and signed: see 'kubectl get csr' and 'kubectl certificate approve'.";
			default -> "Fix the problem described above; see the log for details.";
		};
	}

	/** Without a cause, nobody has answered in time. */
	private static Kind kind(@Nullable Throwable cause) {
		return (cause != null) ? Kind.of(cause) : Kind.TIMED_OUT;
	}

}
