package io.kubelet.cert.store;

import io.kubelet.cert.certificate.CertificateManagerException;
import org.jspecify.annotations.Nullable;

/**
 * The store cannot be read or written. The message names the file and, if it is known,
 * what to do. What was stored before is unchanged.
 */
public final class StoreException extends CertificateManagerException {

	public StoreException(String message, @Nullable Throwable cause) {
		super(Kind.STORE, message, cause);
	}

}
