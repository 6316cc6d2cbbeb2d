package io.kubelet.cert.kubernetes;

import io.kubelet.cert.certificate.CertificateManagerException;
import org.jspecify.annotations.Nullable;

/**
 * There is no usable way to an API server. The message names the file and what to do.
 */
public class KubernetesConfigurationException extends CertificateManagerException {

	public KubernetesConfigurationException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
