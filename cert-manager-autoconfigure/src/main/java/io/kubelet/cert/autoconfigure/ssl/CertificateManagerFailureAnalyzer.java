package io.kubelet.cert.autoconfigure.ssl;

import java.util.Objects;

import io.kubelet.cert.autoconfigure.settings.InvalidSettingsException;
import io.kubelet.cert.certificate.CertificateManagerException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports what to do when an application does not start because it has no certificate.
 */
class CertificateManagerFailureAnalyzer extends AbstractFailureAnalyzer<CertificateManagerException> {

	private static final String IN_BACKGROUND = " To start without the certificate and obtain it later, set 'kubelet.cert.startup.mode' to 'background'.";

	private static final String KUBECONFIG = "'kubelet.cert.kubernetes.kubeconfig' or, for the first request of a node, "
			+ "'kubelet.cert.kubernetes.bootstrap-kubeconfig'";

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, CertificateManagerException cause) {
		String action = (cause instanceof InvalidSettingsException invalid) ? invalid.action()
				: (cause instanceof CertificateUnavailableException unavailable)
						? Objects.requireNonNullElseGet(unavailable.action(), () -> action(cause)) + IN_BACKGROUND
						: action(cause);
		return new FailureAnalysis(cause.report(), action, cause);
	}

	private static String action(CertificateManagerException cause) {
		return switch (cause.kind()) {
			case UNAUTHORIZED ->
				"Replace the token or the client certificate in the kubeconfig (%s).".formatted(KUBECONFIG);
			case FORBIDDEN -> cause.report().equals(cause.getMessage())
					? "Change what the message objects to: no permission helps against admission control."
					: "Grant the permission with the commands above, or use other credentials (%s)."
						.formatted(KUBECONFIG);
			case OVER_QUOTA -> "Delete requests that are over from the namespace, or have the quota raised.";
			case REJECTED ->
				"Do what the description says, or change the properties of the certificate to what the API server accepts.";
			case REFUSED ->
				"Check what the signer issues, and request that: change the template, the usages or 'signer-ca-file'. Or name another signer or issuer. If the description names a clock, or an authority that has expired, correct that.";
			case UNTRUSTED ->
				"If the description names the clock, correct that. Otherwise, add the certificate authority of this API server to 'certificate-authority-data' in the kubeconfig (%s), or in a pod without one, to ca.crt of the service account."
					.formatted(KUBECONFIG);
			case UNAVAILABLE ->
				"If the description names a credential plug-in, correct that. Otherwise, make sure that the API server runs, with the webhooks that it calls, and that this machine can reach it, or name another one (%s)."
					.formatted(KUBECONFIG);
			case DENIED, FAILED ->
				"Ask whoever approves and signs requests in the cluster, or change the signer, the template or the usages.";
			case STORE ->
				"Make sure that this process can read and write the files or the Secret above and that they are complete, or set 'kubelet.cert.cert-dir' to another directory.";
			case TIMED_OUT ->
				"Have the request approved (that of a signer by 'kubectl certificate approve'), and make sure that the signer or issuer exists and that it runs.";
			case LOST, OTHER ->
				"Do what the description says. To connect to another API server, set %s to a kubeconfig and 'kubelet.cert.kubernetes.context' to one of its contexts, or run in a pod with a service account."
					.formatted(KUBECONFIG);
		};
	}

}
