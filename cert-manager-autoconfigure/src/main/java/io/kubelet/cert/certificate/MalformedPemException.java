package io.kubelet.cert.certificate;

import org.jspecify.annotations.Nullable;

/**
 * A text is not the PEM that was expected, or what it holds does not belong together. The
 * message says what is wrong; it never quotes the text, which may hold a key.
 */
public final class MalformedPemException extends CertificateManagerException {

	public MalformedPemException(String message) {
		this(message, null);
	}

	public MalformedPemException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
