package io.kubelet.cert.store;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import org.jspecify.annotations.Nullable;

/**
 * The port to the place where the current pair and the pending request of one certificate
 * are stored. {@link #read()} and {@link #write} throw {@link StoreException} if the
 * store cannot be read or written. One thread at a time calls them.
 */
public interface CertificateStore {

	/**
	 * Returns what is stored. It must be cheap if nothing has changed: it is called at
	 * least once a minute, so that a pair that another program has stored is noticed.
	 * @return what is stored. A pending request that is damaged counts as none
	 */
	Stored read();

	/**
	 * Stores what differs from what was read or written last. When the method returns, it
	 * is safely stored. If it throws, the old pair is still current. A new pair is stored
	 * before a pending request is changed.
	 * @param next what to store, made from what was read or written last
	 * @return what is stored now, with its version
	 * @throws ConflictException if another process has changed the store since then, and
	 * the store detects that
	 */
	Stored write(Stored next);

	/**
	 * Notes which of the stored pairs is used. A store may keep a copy of it.
	 * @param pair the pair
	 */
	default void keep(CertificatePair pair) {
	}

	/**
	 * Calls back whenever another process has, or may have, changed the store.
	 * @param changed called on any thread, does not block
	 */
	default void onChange(Runnable changed) {
	}

	/**
	 * A store that replicas share, and so a certificate: they use each other's requests.
	 * It detects conflicts, and keeps the deadline.
	 */
	interface Shared extends CertificateStore {

		@Override
		void onChange(Runnable changed);

		/**
		 * Returns whether there is no copy of the pair that was kept, although there
		 * should be one. Keeping that pair tries it again.
		 * @return {@code true} if it is missing
		 */
		default boolean lacksCopy() {
			return false;
		}

	}

	/**
	 * What a store holds for one certificate.
	 *
	 * @param pair the current pair, expired or not; {@code null} if none is stored yet
	 * @param pending the request that is waiting for its certificate, {@code null} if
	 * there is none
	 * @param deadline when the rotation of the pair is due, {@code null} if each process
	 * decides for itself
	 * @param repairs when replicas have lately replaced what none of them had stored, the
	 * earliest first
	 * @param version identifies this state, {@code null} in a store that does not detect
	 * conflicts
	 * @param findings what a store that replicas share says of the pair
	 */
	record Stored(@Nullable CertificatePair pair, @Nullable PendingRequest pending, @Nullable Instant deadline,
			List<Instant> repairs, @Nullable Object version, Findings findings) {

		/** Nothing. */
		public static final Stored NOTHING = new Stored(null, null, null, null);

		public Stored {
			repairs = List.copyOf(repairs);
		}

		/**
		 * Creates a state that was not repaired, of whose pair nothing is to be said.
		 * @param pair the current pair
		 * @param pending the pending request
		 * @param deadline when the rotation of the pair is due
		 * @param version identifies this state
		 */
		public Stored(@Nullable CertificatePair pair, @Nullable PendingRequest pending, @Nullable Instant deadline,
				@Nullable Object version) {
			this(pair, pending, deadline, List.of(), version, Findings.NONE);
		}

		/**
		 * Returns this state with another pair, of which nothing is to be said yet.
		 * @param pair the pair
		 * @param deadline when its rotation is due, {@code null} if each process decides
		 * for itself
		 * @return the new state
		 */
		public Stored withPair(CertificatePair pair, @Nullable Instant deadline) {
			return new Stored(pair, this.pending, deadline, this.repairs, this.version, Findings.NONE);
		}

		/**
		 * Returns this state with another pending request.
		 * @param pending the request, {@code null} for none
		 * @return the new state
		 */
		public Stored withPending(@Nullable PendingRequest pending) {
			return new Stored(this.pair, pending, this.deadline, this.repairs, this.version, this.findings);
		}

		/**
		 * Returns this state with other repairs.
		 * @param repairs when replicas have lately replaced what none of them had stored
		 * @return the new state
		 */
		public Stored withRepairs(List<Instant> repairs) {
			return new Stored(this.pair, this.pending, this.deadline, repairs, this.version, this.findings);
		}

	}

	/**
	 * What a store finds out about its pair.
	 *
	 * @param otherWriter which program has last changed it, other than replicas; empty if
	 * that is not known
	 * @param deficiency why it does not suffice although it is valid, so that a rotation
	 * is due; {@code null} if it does
	 * @param isIncomplete whether somebody has removed something of it, such as its
	 * authorities. Writing the pair stores that again
	 */
	record Findings(String otherWriter, @Nullable String deficiency, boolean isIncomplete) {

		/** Nothing. */
		public static final Findings NONE = new Findings("", null, false);

	}

	/**
	 * Another process has changed the store since it was read.
	 */
	final class ConflictException extends StoreException {

		public ConflictException(String message) {
			super(message, null);
		}

	}

}
