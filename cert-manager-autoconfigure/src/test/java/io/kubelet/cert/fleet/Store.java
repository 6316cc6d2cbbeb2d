package io.kubelet.cert.fleet;

import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Watched;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.StoreException;

/**
 * Where an application stores its certificate.
 */
interface Store {

	Reading read();

	/** The application starts. */
	default void start() {
	}

	/**
	 * Writes something in the place of what was read.
	 * @param failed receives why nothing was written
	 */
	void write(Reading last, Reading next, Consumer<Reading> written, Consumer<StoreException> failed);

	/** The files of one application. */
	final class Files implements Store {

		private Reading stored;

		/** Whether the disk is full. */
		boolean failing;

		Files(Reading stored) {
			this.stored = stored;
		}

		@Override
		public Reading read() {
			return this.stored;
		}

		@Override
		public void write(Reading last, Reading next, Consumer<Reading> written, Consumer<StoreException> failed) {
			if (this.failing) {
				failed.accept(new StoreException("No space left on device", null));
			}
			else {
				this.stored = next;
				written.accept(next);
			}
		}

	}

	/** The Secret of replicas. */
	final class Secret extends Watched {

		private final ControlPlane plane;

		private Reading stored;

		Secret(ControlPlane plane, Reading stored) {
			this.plane = plane;
			this.stored = stored;
		}

		/** As one replica knows it. */
		final class Replica implements Store {

			private Reading known = Secret.this.stored;

			private final Runnable changed;

			/**
			 * @param changed called when the Secret has changed
			 */
			Replica(Runnable changed) {
				this.changed = changed;
			}

			@Override
			public void start() {
				new Reflected(Secret.this.plane, Secret.this, () -> {
					this.known = Secret.this.stored;
					this.changed.run();
				}, () -> {
				});
			}

			@Override
			public Reading read() {
				return this.known;
			}

			@Override
			public void write(Reading last, Reading next, Consumer<Reading> written, Consumer<StoreException> failed) {
				Secret.this.plane.call(Call.UPDATE, () -> {
					if (last.content().version() != Secret.this.stored.content().version()) {
						this.known = Secret.this.stored;
						failed.accept(new ConflictException("Another replica was faster"));
						return;
					}
					Secret.this.stored = next;
					this.known = next;
					Secret.this.plane.changed(Secret.this);
					written.accept(next);
				}, (failure) -> failed.accept(new StoreException(Kind.UNAVAILABLE, "The API server failed",
						EngineApplication.failure(failure))));
			}

		}

	}

}
