package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory that other replicas use, too. The test writes in their name.
 */
final class SharedMemoryStore implements CertificateStore.Shared {

	Stored stored;

	/** Whether and why it cannot be used. What is damaged can be written. */
	@Nullable StoreException problem;

	/** Whether each write comes too late. */
	boolean conflicts;

	/** What another replica writes just before our next write. */
	@Nullable Stored faster;

	int reads;

	int conflicting;

	/** What was written. */
	final List<Stored> writes = new ArrayList<>();

	final List<CertificatePair> kept = new ArrayList<>();

	private Runnable changed = () -> {
	};

	SharedMemoryStore(CertificatePair pair) {
		this.stored = new Stored(pair, null, null, 1);
	}

	/** Another replica writes. */
	void put(Stored stored) {
		this.stored = stored;
		this.changed.run();
	}

	@Override
	public Stored read() {
		this.reads++;
		if (this.problem != null) {
			throw this.problem;
		}
		return this.stored;
	}

	@Override
	public Stored write(Stored next) {
		Stored faster = this.faster;
		if (faster != null) {
			this.stored = faster;
			this.faster = null;
			throw new ConflictException("It has changed");
		}
		if (this.conflicts) {
			this.conflicting++;
			throw new ConflictException("It has changed");
		}
		if (this.problem != null && this.problem.kind() != Kind.STORE) {
			throw new ConflictException("It has not been read");
		}
		this.problem = null;
		this.stored = next;
		this.writes.add(next);
		return next;
	}

	@Override
	public void keep(CertificatePair pair) {
		this.kept.add(pair);
	}

	@Override
	public void onChange(Runnable changed) {
		this.changed = changed;
	}

}
