package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a manager whose store is shared, and fails or holds what must not be used.
 *
 * @see io.kubelet.cert.rotation.core.StoreView
 * @see StoreKeeper
 */
class SharedStoreTests extends ManagerFixture {

	private final CertificatePair pair = pair(ofHours(1), ofHours(99));

	private final SharedMemoryStore shared = new SharedMemoryStore(this.pair);

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().store(this.shared);
	}

	/** As when the API server is busy that holds the Secret. */
	@Test
	void storeThatCannotBeReadAtTheStartIsReadAgainWhenItsServerSays() {
		this.shared.stored = Stored.NOTHING;
		this.shared.problem = new StoreException(Kind.UNAVAILABLE, "The Secret cannot be read",
				RequestException.unavailable("TooManyRequests", "It is busy", ofSeconds(50), null));
		CertificateManager manager = start();
		assertThat(manager.current()).isEmpty();
		assertThat(this.failures).extracting(Failure::message).containsExactly("The Secret cannot be read");
		assertThat(this.signer.requests).isEmpty();
		assertThat(waits()).containsExactly(ofSeconds(50));
		this.shared.problem = null;
		pass(ofSeconds(50));
		assertThat(manager.current()).isPresent();
		assertThat(this.signer.requests).hasSize(1);
	}

	@Test
	void storeThatCannotBeReadAtTheStartIsNotSaidToLeaveAPairInUse() {
		this.shared.problem = new StoreException(Kind.FORBIDDEN, "The application may not read the Secret", null);
		assertThat(start().status().health().storeProblem()).isEqualTo("The application may not read the Secret");
	}

	/** As when a Secret is deleted, and the application may not create one. */
	@Test
	void storeThatCanNoLongerBeReadFailsAttemptsWithPauses() {
		CertificateManager manager = start();
		this.shared.problem = new StoreException(Kind.UNAUTHORIZED, "The application may not create the Secret", null);
		manager.rotate();
		pass(ofMinutes(5));
		assertThat(this.failures).hasSizeBetween(5, 20)
			.allSatisfy((failure) -> assertThat(failure.message()).contains("may not create the Secret"));
		assertThat(manager.status().health().storeProblem())
			.isEqualTo("The application may not create the Secret; the last valid pair stays in use");
		assertThat(this.shared.reads).isLessThan(60);
		this.shared.problem = new StoreException(Kind.UNAVAILABLE, "It cannot be reached", null);
		pass(ofMinutes(1));
		assertThat(manager.status().health().storeProblem()).startsWith("The application may not create the Secret");
		assertThat(this.signer.requests).isEmpty();
		this.shared.problem = null;
		pass(ofMinutes(1));
		assertThat(this.rotations).hasSize(1);
	}

	@Test
	void pairThatIsDamagedIsStoredAgain(CapturedOutput output) {
		CertificateManager manager = start();
		this.shared.problem = new StoreException("The Secret is damaged", null);
		this.shared.put(Stored.NOTHING);
		this.time.settle();
		assertThat(manager.current()).contains(this.pair);
		assertThat(this.rotations).isEmpty();
		assertThat(this.signer.requests).isEmpty();
		assertThat(output)
			.contains("The Secret is damaged; the last valid pair stays in use",
					"did not contain the pair in use with its authorities, which has been stored there")
			.doesNotContain("restart");
		assertThat(this.shared.stored).returns(this.pair, Stored::pair)
			.returns(manager.status().schedule().deadline(), Stored::deadline)
			.returns(List.of(this.time.instant()), Stored::repairs);
	}

	@Test
	void pairThatIsDamagedIsReplacedIfTheOneInUseHasExpired() {
		this.shared.stored = new Stored(pair(ofHours(99), ofHours(0)), null, null, 1);
		this.shared.problem = new StoreException("The Secret is damaged", null);
		CertificateManager manager = start();
		CertificatePair current = manager.current().orElseThrow();
		assertThat(this.rotations).containsExactly(new Rotated(null, current));
		assertThat(this.shared.stored.pair()).isEqualTo(current);
	}

	/** As if an admission webhook answered so. */
	@Test
	void conflictsWithoutEndFailAttempts() {
		this.shared.conflicts = true;
		CertificateManager manager = start();
		CompletableFuture<CertificatePair> rotation = manager.rotate();
		pass(ofMinutes(10));
		assertThat(rotation).isCompletedExceptionally();
		assertThat(this.failures).hasSizeBetween(3, 25)
			.allSatisfy((failure) -> assertThat(failure.message()).isEqualTo("It has changed"))
			.first()
			.returns(START.plusSeconds(4), Failure::at)
			.satisfies((failure) -> assertThat(this.shared.conflicting / this.failures.size()).isEqualTo(5));
		assertThat(this.signer.requests).isEmpty();
	}

	/** As if an admission policy protected the pair, or the Secret were too large. */
	@Test
	void certificateThatTheStoreRejectsIsStoredOnceThatIsAccepted() {
		this.signer.lifetime = ofHours(99);
		this.shared.pairRefusal = new StoreException(Kind.REJECTED, "The Secret is too large",
				RequestException.rejected(422, "Invalid", "It is too large"));
		CertificateManager manager = start();
		manager.rotate();
		pass(ofHours(5));
		assertThat(this.failures).hasSizeBetween(5, 15)
			.extracting(Failure::message)
			.containsOnly("The Secret is too large");
		this.shared.pairRefusal = null;
		pass(ofHours(1));
		assertThat(this.signer.requests).extracting(CertificateRequest::publicKey).containsOnly(request(0).publicKey());
		assertThat(manager.current()).isPresent().isEqualTo(Optional.ofNullable(this.shared.stored.pair()));
		assertThat(this.rotations).hasSize(1);
	}

	/** Whoever can write the store could have us serve anything. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pairOfAnIssuerThatIsNotAcceptedIsReplacedAndNotUsed(boolean byReplica, CapturedOutput output) {
		this.signer.holds();
		CertificateManager manager = start(withAuthority());
		this.shared.put(foreign(byReplica));
		pass(ofMinutes(1));
		assertThat(manager.current()).contains(this.pair);
		assertThat(output).contains(byReplica ? "Another replica stored a pair" : "Another program stored a pair",
				"an issuer that is not accepted here");
		assertThat(manager.status().health().storeProblem() != null).isEqualTo(byReplica);
		assertThat(this.signer.requests).hasSize(byReplica ? 1 : 0);
		assertThat(this.pair.equals(this.shared.stored.pair())).isNotEqualTo(byReplica);
		assertThat(this.shared.kept).containsExactly(this.pair);
	}

	@Test
	void pairOfAnIssuerThatIsNotAcceptedIsNotUsedAtTheStart() {
		Stored foreign = foreign(true);
		this.shared.stored = foreign;
		CertificateManager manager = start(withAuthority());
		pass(ofMinutes(1));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.rotations).hasSize(1);
		assertThat(manager.current()).isPresent().isNotEqualTo(Optional.ofNullable(foreign.pair()));
		assertThat(this.shared.kept).containsExactly(manager.current().orElseThrow());
	}

	private CertificateManagerBuilder withAuthority() {
		return builder().check(IssuedCertificateCheck.ofAuthorities(() -> List.of(this.authority.certificate())));
	}

	private Stored foreign(boolean byReplica) {
		Instant now = this.time.instant();
		CertificatePair pair = new TestAuthority("foreign").pair(TEMPLATE, now, now.plus(ofHours(99)));
		return new Stored(pair, null, byReplica ? now.plus(ofHours(50)) : null, 2);
	}

}
