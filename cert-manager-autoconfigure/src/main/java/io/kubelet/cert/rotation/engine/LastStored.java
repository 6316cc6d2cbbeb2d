package io.kubelet.cert.rotation.engine;

import java.util.function.UnaryOperator;

import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.Stored;

/**
 * What the store held when it was read or written last, on which the next write builds.
 * Used on the certificate's lane only.
 */
final class LastStored {

	private final CertificateStore store;

	private Stored stored;

	LastStored(CertificateStore store) {
		this.store = store;
		this.stored = store.read();
	}

	Stored get() {
		return this.stored;
	}

	Stored read() {
		this.stored = this.store.read();
		return this.stored;
	}

	void write(UnaryOperator<Stored> change) {
		this.stored = this.store.write(change.apply(this.stored));
	}

}
