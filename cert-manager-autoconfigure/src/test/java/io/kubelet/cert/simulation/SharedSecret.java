package io.kubelet.cert.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.simulation.SimulatedProcess.Moment;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * What a Secret holds for all replicas, with a version that each write has to name. It
 * counts, and checks what must never happen to it.
 */
final class SharedSecret {

	private static final Duration LATENCY = Duration.ofMillis(200);

	final List<Replica> replicas = new ArrayList<>();

	private final World world;

	private final SimulatedServer server;

	Stored stored = new Stored(null, null, null, 0);

	int newestTemplate;

	int pairs;

	Instant pairStoredAt = Instant.MIN;

	/** Requests that were replaced before they were answered. */
	int abandoned;

	int kills;

	SharedSecret(World world, SimulatedServer server) {
		this.world = world;
		this.server = server;
	}

	boolean holds(CertificateRequest request) {
		PendingRequest pending = this.stored.pending();
		return pending != null && Objects.equals(pending.request().name(), request.name());
	}

	private Stored write(Stored next) {
		if (!Objects.equals(this.stored.version(), next.version())) {
			throw new CertificateStore.ConflictException("Another replica was faster");
		}
		Stored before = this.stored;
		this.stored = new Stored(next.pair(), next.pending(), next.deadline(), new Object());
		checkPair(before.pair(), next);
		if (before.pending() != null) {
			checkReplaced(before.pending().request(), next);
		}
		this.replicas.forEach((replica) -> this.world.time.schedule(replica::refresh, LATENCY));
		return this.stored;
	}

	private void checkPair(@Nullable CertificatePair last, Stored now) {
		CertificatePair pair = now.pair();
		this.world.require(last == null || pair != null, "the pair is lost");
		if (pair != null && !pair.equals(last)) {
			this.pairs++;
			this.pairStoredAt = this.world.now();
			this.world.require(last == null || !pair.notBefore().isBefore(last.notBefore()), "an older pair is stored");
			this.world.require(now.deadline() != null, "there is no common deadline");
		}
	}

	private void checkReplaced(CertificateRequest replaced, Stored now) {
		boolean kept = now.pending() != null && now.pending().hasKey(replaced.publicKey());
		boolean answered = now.pair() != null && now.pair().leaf().getPublicKey().equals(replaced.publicKey());
		if (!kept && !answered) {
			SigningObject object = this.server.object(replaced);
			this.abandoned += (object == null || !object.outcome.isCompletedExceptionally()) ? 1 : 0;
			if (object != null) {
				object.abandoned = true;
			}
		}
	}

	/** As one process sees it: a little late, and not at all while it is cut off. */
	final class View implements CertificateStore.Shared {

		private final Replica replica;

		private @Nullable Stored known;

		private Runnable changed = () -> {
		};

		View(Replica replica) {
			this.replica = replica;
		}

		@Override
		public Stored read() {
			if (this.known == null) {
				requireConnection();
				this.known = SharedSecret.this.stored;
			}
			return this.known;
		}

		@Override
		public Stored write(Stored next) {
			requireConnection();
			mayDie(Moment.BEFORE_STORING);
			this.known = null;
			this.known = SharedSecret.this.write(next);
			mayDie(Moment.AFTER_STORING);
			return this.known;
		}

		private void requireConnection() {
			if (this.replica.isCutOff()) {
				throw new StoreException(Kind.UNAVAILABLE, "The Secret cannot be reached", null);
			}
		}

		private void mayDie(Moment moment) {
			if (this.replica.diesNow(moment)) {
				throw new IllegalStateException("killed");
			}
		}

		@Override
		public void onChange(Runnable changed) {
			this.changed = changed;
		}

		void refresh() {
			if (this.known != SharedSecret.this.stored) {
				this.known = SharedSecret.this.stored;
				this.changed.run();
			}
		}

	}

}
