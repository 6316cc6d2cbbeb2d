package io.kubelet.cert.testsupport;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
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

	/** Runs when a pair has just become the one in use. */
	public Runnable kept = () -> {
	};

	/** Tells that another program has changed the pair. */
	public Runnable changed = () -> {
	};

	@Override
	public void onChange(Runnable changed) {
		this.changed = changed;
	}

	@Override
	public Stored read() {
		failIf(this.readFails);
		return new Stored(this.pair, this.request, null, null);
	}

	@Override
	public Stored write(Stored next) {
		failIf(this.writeFails);
		this.pair = next.pair();
		this.request = next.pending();
		return next;
	}

	@Override
	public void keep(CertificatePair pair) {
		this.kept.run();
	}

	private static void failIf(boolean fails) {
		if (fails) {
			throw new StoreException("The disk is on fire", null);
		}
	}

}
