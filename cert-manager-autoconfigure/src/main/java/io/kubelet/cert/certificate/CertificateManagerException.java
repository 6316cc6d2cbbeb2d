package io.kubelet.cert.certificate;

import org.jspecify.annotations.Nullable;

/**
 * The root of every exception this library throws on purpose. Subtypes differ by what a
 * caller can do about them: retry, give up, or fix the configuration.
 */
public abstract class CertificateManagerException extends RuntimeException {

	protected CertificateManagerException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
