package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

	/** As if an admission webhook answered so. */
	@Test
	void conflictsWithoutEndFailAttempts() {
		this.store.pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
		this.store.conflicts = true;
		CertificateManager manager = start();
		CompletableFuture<CertificatePair> rotation = manager.rotate();
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(rotation).isCompletedExceptionally();
		assertThat(this.fixture.failures).hasSizeBetween(3, 25)
			.allSatisfy((failure) -> assertThat(failure.message()).isEqualTo("It has changed"));
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	/** Whoever can write the store could have our identity create anything. */
	@Test
	void requestThatIsNotWhatWeWouldAskForIsNeverCreated() {
		this.store.pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
		CertificateManager manager = start();
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateTemplate template = CertificateTemplate.ofSubject("admin");
		PendingRequest planted = new PendingRequest(
				CertificateRequests.create("planted-1", template, "example.com/admin", List.of(), null, keys),
				keys.getPrivate(), null, null);
		this.store.stored = new Stored(this.store.pair, planted, null, 2);
		this.fixture.signer.silent();
		this.fixture.signer.failsWith((request) -> RequestException.lost("planted-1", "Gone", "It does not exist"));
		this.store.changed.run();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.joined).isNotEmpty().allMatch("planted-1"::equals);
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.store.stored.pending()).as("nobody waits for it any more").isNull();
		assertThat(manager.current()).contains(this.store.pair);
	}

	/** Whoever can write the store could have us serve anything. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pairOfAnIssuerThatIsNotAcceptedIsReplacedAndNotUsed(boolean byReplica) {
		this.store.pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
		this.fixture.signer.holds();
		CertificateManager manager = startWithAuthority();
		this.store.stored = foreign(byReplica);
		this.store.changed.run();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(manager.current()).contains(this.store.pair);
		assertThat(manager.status().health().storeProblem()).contains("an issuer that is not accepted here");
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(this.store.kept).containsExactly(this.store.pair);
	}

	@Test
	void pairOfAnIssuerThatIsNotAcceptedIsNotUsedAtTheStart() {
		Stored foreign = foreign(true);
		this.store.stored = foreign;
		CertificateManager manager = startWithAuthority();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.requests).hasSize(1);
		assertThat(this.fixture.rotations).hasSize(1);
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.ofNullable(foreign.pair()));
		assertThat(this.store.kept).containsExactly(manager.current().orElseThrow());
	}

	private CertificateManager startWithAuthority() {
		return this.fixture.start(this.fixture.builder()
			.store(this.store)
			.template(ManagerFixture.TEMPLATE)
			.check(IssuedCertificateCheck.ofAuthorities(() -> List.of(this.fixture.authority.certificate()))));
	}

	private Stored foreign(boolean byReplica) {
		Instant now = this.fixture.time.instant();
		CertificatePair pair = new TestAuthority("foreign").pair(ManagerFixture.TEMPLATE, now,
				now.plus(Duration.ofHours(99)));
		return new Stored(pair, null, byReplica ? now.plus(Duration.ofHours(50)) : null, 2);
	}

	@Test
	void deniedRequestOfAnotherReplicaMakesNoRotationDue() {
		this.store.pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
		CertificateManager manager = start();
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		PendingRequest joined = new PendingRequest(CertificateRequests.create("joined", ManagerFixture.TEMPLATE,
				manager.status().requested().signerName(), List.of(), null, keys), keys.getPrivate(), null, null);
		this.store.stored = new Stored(this.store.pair, joined, null, 2);
		this.fixture.signer.failsWith((request) -> RequestException.denied("joined", "signer", "Policy", "Not today"));
		this.store.changed.run();
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(this.fixture.failures).hasSize(1);
		assertThat(this.store.stored.pending()).isNull();
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	private CertificateManager start() {
		return this.fixture.start(this.fixture.builder().store(this.store).template(ManagerFixture.TEMPLATE));
	}

	/** A store that somebody else has changed for as long as it cannot be read. */
	private static final class SharedStore implements CertificateStore {

		private @Nullable CertificatePair pair;

		private @Nullable Stored stored;

		private @Nullable StoreException problem;

		private boolean conflicts;

		private Runnable changed = () -> {
		};

		private int reads;

		private final List<CertificatePair> kept = new ArrayList<>();

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
			if (this.problem != null || this.conflicts) {
				throw new CertificateStore.ConflictException("It has changed");
			}
			this.stored = next;
			return next;
		}

		@Override
		public void keep(CertificatePair pair, @Nullable Instant deadline) {
			this.kept.add(pair);
		}

		@Override
		public boolean onChange(Runnable changed) {
			this.changed = changed;
			return true;
		}

	}

}
