package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.request.CertificateRefusedException;
import io.kubelet.cert.request.RequestDeniedException;
import io.kubelet.cert.request.RequestFailedException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.RequestTimedOutException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/**
 * Says what to do when an application does not start for the lack of a certificate.
 */
class CertificateManagerFailureAnalyzer extends AbstractFailureAnalyzer<CertificateManagerException> {

	private static final String IN_BACKGROUND = " To start without the certificate and let it come later, set '%s' to 'background'.";

	private static final String KUBECONFIG = "kubelet.cert.kubernetes.kubeconfig";

	private static final String BOOTSTRAP_KUBECONFIG = "kubelet.cert.kubernetes.bootstrap-kubeconfig";

	private final boolean bootstrapping;

	CertificateManagerFailureAnalyzer(Environment environment) {
		this.bootstrapping = environment.containsProperty(BOOTSTRAP_KUBECONFIG);
	}

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, CertificateManagerException cause) {
		if (cause instanceof CertificateUnavailableException unavailable) {
			return new FailureAnalysis(cause.getMessage(),
					action(unavailable) + IN_BACKGROUND.formatted(unavailable.settings().property("startup.mode")),
					cause);
		}
		if (cause instanceof AmbiguousTemplateException ambiguous) {
			return new FailureAnalysis(cause.getMessage(),
					"Say which certificate each of them is for with @Qualifier(\"<certificate name>\"): there are "
							+ ambiguous.certificates() + ".",
					cause);
		}
		return new FailureAnalysis(cause.getMessage(), action(cause, quoted(KUBECONFIG)), cause);
	}

	private String action(CertificateUnavailableException unavailable) {
		CertificateSettings settings = unavailable.settings();
		return switch (unavailable.situation()) {
			case OFF -> "Put a pair there, or set '" + settings.property("rotate-certificates") + "' to true.";
			case UNKNOWN -> "See to it that this becomes known, or choose other addresses with '"
					+ settings.property("addresses.source") + "'.";
			case REQUESTED -> (unavailable.getCause() instanceof CertificateRefusedException)
					? "See what the signer is set up to issue, and ask for that: change the template, the usages or '%s'. Or name another signer ('%s')."
						.formatted(settings.property("signer-ca-file"), settings.property("signer-name"))
					: action(unavailable.getCause(), connection(settings));
		};
	}

	/** Further certificates are requested as what the first one says. */
	private String connection(CertificateSettings settings) {
		boolean first = settings.prefix().equals(CertificateProperties.PREFIX);
		return (this.bootstrapping && first) ? "%s, or %s where that has a valid certificate"
			.formatted(quoted(BOOTSTRAP_KUBECONFIG), quoted(KUBECONFIG)) : quoted(KUBECONFIG);
	}

	private static String quoted(String property) {
		return "'" + property + "'";
	}

	private String action(@Nullable Throwable cause, String connection) {
		if (cause instanceof RequestRejectedException rejected) {
			return switch (rejected.statusCode()) {
				case 401 -> "Replace the token or the client certificate in the kubeconfig (%s).".formatted(connection);
				case 403 ->
					"Grant the permission with the rule above, or use other credentials (%s).".formatted(connection);
				default -> "Change the properties of the certificate to what the API server takes.";
			};
		}
		if (cause instanceof SignerUnavailableException) {
			return "See that the API server runs and that this machine reaches it, or name another one (%s)."
				.formatted(connection);
		}
		if (cause instanceof KubernetesConfigurationException) {
			return this.bootstrapping
					? "See that '%s' names a kubeconfig, and '%s' another one or a file that is not there yet. Set 'kubelet.cert.kubernetes.context' to a context of the former, or to nothing for its current one."
						.formatted(BOOTSTRAP_KUBECONFIG, KUBECONFIG)
					: "Set '%s' to a kubeconfig file and 'kubelet.cert.kubernetes.context' to one of its contexts, or to nothing for its current one, or run in a pod with a service account."
						.formatted(KUBECONFIG);
		}
		if (cause instanceof RequestDeniedException || cause instanceof RequestFailedException) {
			return "Ask whoever approves and signs in the cluster, or change the signer, the template or the usages.";
		}
		if (cause instanceof StoreException) {
			return "See that this process can read and write the files above and that they are whole, or set "
					+ "'kubelet.cert.cert-dir' to another directory.";
		}
		if (cause == null || cause instanceof RequestTimedOutException) {
			return "Have the request approved and signed: see 'kubectl get csr', 'kubectl certificate approve'.";
		}
		return "Mend what is said above; the log has more of it.";
	}

}
