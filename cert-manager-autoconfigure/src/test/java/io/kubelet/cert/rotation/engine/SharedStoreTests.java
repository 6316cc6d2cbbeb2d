package io.kubelet.cert.rotation.engine;

import java.time.Duration;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreConflictException;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.store.Stored;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a manager whose store is shared and cannot be used. What replicas do with one
 * that can is simulated.
 */
class SharedStoreTests {

	private final ManagerFixture fixture = new ManagerFixture();

	private final SharedStore store = new SharedStore();

	@Test
	void storeThatCannotBeReadAtTheStartIsAFailedAttemptAndIsReadAgain() {
		this.store.problem = new StoreException(Kind.UNAVAILABLE, "The Secret cannot be read", null);
		CertificateManager manager = start();
		assertThat(manager.current()).isEmpty();
		assertThat(this.fixture.failures).hasSize(1)
			.allSatisfy((failure) -> assertThat(failure.message()).isEqualTo("The Secret cannot be read"));
		assertThat(this.fixture.signer.requests).isEmpty();
		this.store.problem = null;
		this.fixture.time.pass(Duration.ofSeconds(10));
		assertThat(manager.current()).isPresent();
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	/** As when a Secret is deleted, and the application may not create one. */
	@Test
	void storeThatCanNoLongerBeReadFailsAttemptsWithPauses() {
		this.store.pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
		CertificateManager manager = start();
		this.store.problem = new StoreException(Kind.UNAUTHORIZED, "The application may not create the Secret", null);
		manager.rotate();
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(this.fixture.failures).hasSizeBetween(5, 20)
			.allSatisfy((failure) -> assertThat(failure.message()).contains("may not create the Secret"));
		assertThat(this.store.reads).isLessThan(60);
		assertThat(this.fixture.signer.requests).isEmpty();
		this.store.problem = null;
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.rotations).hasSize(1);
	}

	private CertificateManager start() {
		return this.fixture.start(this.fixture.builder().store(this.store).template(ManagerFixture.TEMPLATE));
	}

	/** A store that somebody else has changed for as long as it cannot be read. */
	private static final class SharedStore implements CertificateStore {

		private @Nullable CertificatePair pair;

		private @Nullable Stored stored;

		private @Nullable StoreException problem;

		private int reads;

		@Override
		public Stored read() {
			this.reads++;
			if (this.problem != null) {
				throw this.problem;
			}
			return (this.stored != null) ? this.stored : new Stored(this.pair, null, null, 1);
		}

		@Override
		public Stored write(Stored next) {
			if (this.problem != null) {
				throw new StoreConflictException("It has changed");
			}
			this.stored = next;
			return next;
		}

		@Override
		public boolean onChange(Runnable changed) {
			return true;
		}

	}

}
