package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;

/**
 * Uses a store as the engine does: each write builds on what was read or written last.
 */
public final class TestStore implements CertificateStore {

	private final CertificateStore store;

	private Stored last = Stored.NOTHING;

	public TestStore(CertificateStore store) {
		this.store = store;
	}

	public static TestStore files(Path directory, String pairName, @Nullable PairLocation initial, int retain,
			Clock clock) {
		return new TestStore(new FileCertificateStore(directory, pairName, initial, retain, clock));
	}

	@Override
	public Stored read() {
		this.last = this.store.read();
		return this.last;
	}

	@Override
	public Stored write(Stored next) {
		this.last = this.store.write(next);
		return this.last;
	}

	public Optional<CertificatePair> current() {
		return Optional.ofNullable(read().pair());
	}

	public void update(CertificatePair pair) {
		write(this.last.withPair(pair, null));
	}

	public Optional<PendingRequest> pendingRequest() {
		return Optional.ofNullable(read().pending());
	}

	public void savePendingRequest(PendingRequest request) {
		write(this.last.withPending(request));
	}

	public void deletePendingRequest(PendingRequest request) {
		PendingRequest pending = this.last.pending();
		if (pending != null && pending.hasKey(request.request().publicKey())) {
			write(this.last.withPending(null));
		}
	}

}
