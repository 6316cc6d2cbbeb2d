package io.kubelet.cert.store;

/**
 * Another process has changed the store since it was read.
 */
public final class StoreConflictException extends StoreException {

	public StoreConflictException(String message) {
		super(message, null);
	}

}
