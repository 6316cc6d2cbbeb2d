package io.kubelet.cert.certificate;

/**
 * A text is not the PEM that was expected, or its parts do not belong together. The
 * message says what is wrong. Neither the message nor a cause quotes the text, which may
 * hold a key.
 */
public final class MalformedPemException extends CertificateManagerException {

	public MalformedPemException(String message) {
		super(message, null);
	}

}
