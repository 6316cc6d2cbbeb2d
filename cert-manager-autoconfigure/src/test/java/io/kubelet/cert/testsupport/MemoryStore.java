package io.kubelet.cert.testsupport;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory, which fails on demand.
 */
public final class MemoryStore implements CertificateStore {

	public volatile @Nullable CertificatePair pair;

	public volatile @Nullable PendingRequest request;

	public volatile boolean readFails;

	public volatile boolean writeFails;

	@Override
	public Optional<CertificatePair> current() {
		failIf(this.readFails);
		return Optional.ofNullable(this.pair);
	}

	@Override
	public void update(CertificatePair pair) {
		failIf(this.writeFails);
		this.pair = pair;
	}

	@Override
	public Optional<PendingRequest> pendingRequest() {
		failIf(this.readFails);
		return Optional.ofNullable(this.request);
	}

	@Override
	public void savePendingRequest(PendingRequest request) {
		failIf(this.writeFails);
		this.request = request;
	}

	@Override
	public void deletePendingRequest(PendingRequest request) {
		failIf(this.writeFails);
		PendingRequest stored = this.request;
		if (stored != null && stored.request().publicKey().equals(request.request().publicKey())) {
			this.request = null;
		}
	}

	private static void failIf(boolean fails) {
		if (fails) {
			throw new StoreException("The disk is on fire", null);
		}
	}

}
