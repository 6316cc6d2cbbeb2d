package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * What a Secret holds for all replicas, with a version that each write has to name.
 */
final class SharedSecret {

	private static final Duration LATENCY = Duration.ofMillis(200);

	private final ReplicaWorld world;

	private final List<View> views = new ArrayList<>();

	private Stored stored = new Stored(null, null, null, 0);

	int conflicts;

	int writes;

	SharedSecret(ReplicaWorld world) {
		this.world = world;
	}

	Stored stored() {
		return this.stored;
	}

	boolean holds(@Nullable String name) {
		PendingRequest pending = this.stored.pending();
		return pending != null && String.valueOf(pending.request().name()).equals(name);
	}

	private Stored write(Stored next) {
		if (!String.valueOf(this.stored.version()).equals(String.valueOf(next.version()))) {
			this.conflicts++;
			throw new CertificateStore.ConflictException("Somebody was faster");
		}
		this.writes++;
		int version = (this.stored.version() instanceof Integer last) ? last + 1 : 1;
		Stored before = this.stored;
		this.stored = new Stored(next.pair(), next.pending(), next.deadline(), version);
		this.world.stored(before, this.stored);
		for (View view : this.views) {
			this.world.time().schedule(view::refresh, LATENCY);
		}
		return this.stored;
	}

	/** As one process sees it: a little late, and not at all while it is cut off. */
	final class View implements CertificateStore {

		private final Replica replica;

		private @Nullable Stored known;

		private boolean outdated;

		private Runnable changed = () -> {
		};

		View(Replica replica) {
			this.replica = replica;
			SharedSecret.this.views.add(this);
		}

		@Override
		public Stored read() {
			if (this.known == null || this.outdated) {
				if (this.replica.isCutOff()) {
					if (this.known == null) {
						throw new StoreException(Kind.UNAVAILABLE, "The Secret cannot be read", null);
					}
					return this.known;
				}
				this.known = SharedSecret.this.stored;
				this.outdated = false;
			}
			return this.known;
		}

		@Override
		public Stored write(Stored next) {
			if (this.replica.isCutOff()) {
				throw new StoreException(Kind.UNAVAILABLE, "The Secret cannot be written", null);
			}
			this.replica.mayDie(Replica.Moment.BEFORE_STORING);
			this.outdated = true;
			Stored written = SharedSecret.this.write(next);
			this.known = written;
			this.outdated = false;
			this.replica.mayDie(Replica.Moment.AFTER_STORING);
			return written;
		}

		@Override
		public boolean onChange(Runnable changed) {
			this.changed = changed;
			return true;
		}

		/** The watch is behind for as long as the replica is cut off. */
		void refresh() {
			if (!this.replica.isAlive(this)) {
				SharedSecret.this.views.remove(this);
			}
			else if (!this.replica.isCutOff() && this.known != SharedSecret.this.stored) {
				this.known = SharedSecret.this.stored;
				this.changed.run();
			}
		}

	}

}
