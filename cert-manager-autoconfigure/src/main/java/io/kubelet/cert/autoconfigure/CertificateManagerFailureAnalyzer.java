package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.request.RequestDeniedException;
import io.kubelet.cert.request.RequestFailedException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Says what to do when an application does not start for the lack of a certificate.
 */
class CertificateManagerFailureAnalyzer extends AbstractFailureAnalyzer<CertificateManagerException> {

	private static final String IN_BACKGROUND = " To start without the certificate and let it come later, set '%s' to 'background'.";

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, CertificateManagerException cause) {
		if (cause instanceof CertificateUnavailableException unavailable) {
			return new FailureAnalysis(cause.getMessage(),
					action(unavailable) + IN_BACKGROUND.formatted(unavailable.settings().property("startup.mode")),
					cause);
		}
		return new FailureAnalysis(cause.getMessage(), action(cause, null), cause);
	}

	private static String action(CertificateUnavailableException unavailable) {
		if (unavailable.isWaiting()) {
			return "See to it that this becomes known, or choose other addresses with '"
					+ unavailable.settings().property("addresses.source") + "'.";
		}
		return action(unavailable.getCause(), unavailable.settings());
	}

	private static String action(@Nullable Throwable cause, @Nullable CertificateSettings settings) {
		if (cause instanceof RequestRejectedException rejected) {
			return switch (rejected.statusCode()) {
				case 401 -> "Replace the token or the client certificate in the kubeconfig "
						+ "('kubelet.cert.kubernetes.kubeconfig').";
				case 403 -> "Grant the permission with the rule above, or use other credentials "
						+ "('kubelet.cert.kubernetes.kubeconfig').";
				default -> "Change the properties of the certificate to what the API server takes.";
			};
		}
		if (cause instanceof SignerUnavailableException) {
			return "See that the API server runs and that this machine reaches it, or point "
					+ "'kubelet.cert.kubernetes.kubeconfig' at another one.";
		}
		if (cause instanceof KubernetesConfigurationException) {
			return "Set 'kubelet.cert.kubernetes.kubeconfig' to a kubeconfig file and 'kubelet.cert.kubernetes.context' "
					+ "to one of its contexts, or to nothing for its current one, or run in a pod with a service account.";
		}
		if (cause instanceof RequestDeniedException || cause instanceof RequestFailedException) {
			return "Ask whoever approves and signs in the cluster, or change the signer, the template or the usages.";
		}
		if (cause instanceof StoreException) {
			return "See that this process can read and write the files above and that they are whole, or set "
					+ "'kubelet.cert.cert-dir' to another directory.";
		}
		if (settings != null && !settings.rotates()) {
			return "Put a pair there, or set '" + settings.property("rotate-certificates") + "' to true.";
		}
		return "Have the request approved and signed: see 'kubectl get csr', 'kubectl certificate approve'.";
	}

}
