package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory that other replicas use, too. The test writes in their name.
 */
final class SharedMemoryStore implements CertificateStore.Shared {

	Stored stored;

	/** Whether and why it cannot be used. What is damaged can be written. */
	@Nullable StoreException problem;

	/** Why it cannot be written, although it can be read. */
	@Nullable StoreException refusal;

	/** Why another pair cannot be stored, although a request can. */
	@Nullable StoreException pairRefusal;

	/** How many readings fail from now on. */
	int outages;

	/** Why the pair does not suffice. */
	@Nullable String deficiency;

	/** Whether it has no copy of the pair that is kept. */
	boolean lacksCopy;

	/** Whether each write comes too late. */
	boolean conflicts;

	/** What another replica writes just before our next write. */
	@Nullable Stored faster;

	int reads;

	int conflicting;

	/** How many writes were made from something else than what is stored. */
	int outdated;

	/** What was written. */
	final List<Stored> writes = new ArrayList<>();

	final List<CertificatePair> kept = new ArrayList<>();

	private Runnable changed = () -> {
	};

	SharedMemoryStore(CertificatePair pair) {
		this(pair, null);
	}

	SharedMemoryStore(CertificatePair pair, @Nullable Instant deadline) {
		this.stored = new Stored(pair, null, deadline, 1);
	}

	/** Another replica writes. */
	void put(Stored stored) {
		this.stored = stored;
		signal();
	}

	/** It may have changed. */
	void signal() {
		this.changed.run();
	}

	@Override
	public Stored read() {
		this.reads++;
		if (this.problem != null) {
			throw this.problem;
		}
		if (this.outages > 0) {
			this.outages--;
			throw new StoreException(Kind.UNAVAILABLE, "The API server is out of reach", null);
		}
		return with(this.stored, this.stored.version());
	}

	@Override
	public Stored write(Stored next) {
		if (this.refusal != null) {
			throw this.refusal;
		}
		if (this.pairRefusal != null && !Objects.equals(next.pair(), this.stored.pair())) {
			throw this.pairRefusal;
		}
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
		if (this.problem == null && !Objects.equals(next.version(), this.stored.version())) {
			this.outdated++;
			throw new ConflictException("It has changed");
		}
		this.problem = null;
		this.stored = with(next, new Object());
		this.writes.add(next);
		return this.stored;
	}

	private Stored with(Stored stored, @Nullable Object version) {
		return new Stored(stored.pair(), stored.pending(), stored.deadline(), stored.repairs(), version,
				new Findings("", this.deficiency, false));
	}

	@Override
	public void keep(CertificatePair pair) {
		this.kept.add(pair);
	}

	@Override
	public boolean lacksCopy() {
		return this.lacksCopy || CertificateStore.Shared.super.lacksCopy();
	}

	@Override
	public void onChange(Runnable changed) {
		this.changed = changed;
	}

}
