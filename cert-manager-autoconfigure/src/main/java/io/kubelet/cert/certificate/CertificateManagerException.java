package io.kubelet.cert.certificate;

import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions that this library throws deliberately.
 */
public abstract class CertificateManagerException extends RuntimeException {

	protected CertificateManagerException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
