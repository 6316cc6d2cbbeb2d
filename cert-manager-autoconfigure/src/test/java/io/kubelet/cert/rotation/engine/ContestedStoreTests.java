package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for replicas whose store another program writes, too: it reacts to each change.
 *
 * @see io.kubelet.cert.rotation.core.Repair
 */
class ContestedStoreTests extends ManagerFixture {

	private static final Duration REACTION = ofMillis(300);

	private static final int MOST = 10;

	private final CertificatePair pair = pair(ofHours(1), ofHours(999));

	private final CertificatePair foreign = pairOf("foreign");

	private final SharedObject object = new SharedObject();

	private final List<CertificateManager> replicas = new ArrayList<>();

	/** As a backup, or cert-manager for a Certificate with other names. */
	@ParameterizedTest
	@ValueSource(strings = { "foreign", "damaged", "removed" })
	void pairInUseIsStoredAgainWithPausesThatReplicasShare(String change, CapturedOutput output) {
		startReplicas(3);
		this.object.reaction = switch (change) {
			case "damaged" -> (stored) -> null;
			case "removed" -> (stored) -> new Stored(null, stored.pending(), null, 0).withRepairs(stored.repairs());
			default -> (stored) -> new Stored(this.foreign, stored.pending(), null, 0).withRepairs(stored.repairs());
		};
		this.object.react();
		pass(ofHours(1));
		assertThat(this.object.stores).as("after 0, 1, 3, 7, 15, 31 minutes").hasSizeBetween(5, 7);
		pass(ofHours(9));
		assertThat(this.object.stores).hasSizeBetween(14, 16);
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.rotations).isEmpty();
		assertThat(this.replicas).allSatisfy((replica) -> {
			assertThat(replica.current()).contains(this.pair);
			assertThat(replica.status().state()).isEqualTo(State.VALID);
			assertThat(replica.status().health().storeProblem())
				.startsWith("Another program ('backup') keeps changing Secret shop/shop-tls.");
		});
		assertThat(output.getOut().lines().filter((line) -> line.contains("keeps changing"))).hasSize(3)
			.allMatch((line) -> line.contains("ERROR"));
		this.object.reaction = (stored) -> stored;
		pass(ofHours(4));
		assertThat(this.object.stored.pair()).isEqualTo(this.pair);
		assertThat(this.replicas)
			.allSatisfy((replica) -> assertThat(replica.status().health().storeProblem()).isNull());
	}

	@Test
	void twoProgramsThatStoreValidPairsInTurnDrainConnectionsAFewTimes() {
		startReplicas(2);
		List<CertificatePair> pairs = List.of(pair(ofHours(1), ofHours(999)), pair(ofHours(1), ofHours(999)));
		this.object.reaction = (
				stored) -> new Stored(pairs.get(pairs.get(0).equals(stored.pair()) ? 1 : 0), stored.pending(), null, 0)
					.withRepairs(stored.repairs());
		this.object.every(REACTION);
		pass(ofHours(1));
		assertThat(this.rotations).hasSizeBetween(2, 2 * 7);
		assertThat(this.signer.requests).isEmpty();
	}

	/** As a backup of the whole Secret, with annotations. */
	@Test
	void pairThatReplicasHaveReplacedIsNotUsedAgain() {
		Stored backup = backupOfReplicasThatHaveRotated();
		CertificatePair next = Objects.requireNonNull(this.object.stored.pair());
		assertThat(this.rotations).hasSize(2);
		this.object.reaction = (stored) -> backup;
		this.object.react();
		pass(ofHours(3));
		assertThat(this.rotations).hasSize(2);
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.replicas).allSatisfy((replica) -> assertThat(replica.current()).contains(next));
	}

	/** One that started after the rotation does not know that the pair was replaced. */
	@Test
	void replicasThatKnowDifferentPairsAsReplacedAgreeAfterABackupIsRestored() {
		Stored backup = backupOfReplicasThatHaveRotated();
		CertificatePair next = Objects.requireNonNull(this.object.stored.pair());
		startReplicas(1);
		this.object.views.add(0, this.object.views.remove(2));
		this.object.put(backup);
		pass(ofHours(1));
		assertThat(this.object.stored.pair()).isEqualTo(next);
		assertThat(this.object.stores).hasSizeLessThanOrEqualTo(2);
		assertThat(this.replicas).allSatisfy((replica) -> {
			assertThat(replica.current()).contains(next);
			assertThat(replica.status().health().storeProblem()).isNull();
		});
	}

	/** No replica that runs has seen that it was replaced. */
	@Test
	void expiredPairOfABackupIsReplacedWithoutACertificate() {
		this.object.stored = new Stored(pair(ofHours(1), ofHours(1)), null, this.time.instant().plus(ofMinutes(30)), 0);
		Stored backup = backupOfReplicasThatHaveRotated();
		CertificatePair next = Objects.requireNonNull(this.object.stored.pair());
		this.replicas.forEach(CertificateManager::stop);
		this.replicas.clear();
		this.object.views.clear();
		this.object.stores.clear();
		startReplicas(2);
		pass(ofHours(2));
		this.object.put(backup);
		pass(ofMinutes(1));
		assertThat(this.object.stored.pair()).isEqualTo(next);
		assertThat(this.object.stores).containsExactly(next);
		assertThat(this.signer.requests).hasSize(1);
		assertThat(this.replicas).allSatisfy((replica) -> {
			assertThat(replica.current()).contains(next);
			assertThat(replica.status().health().storeProblem()).isNull();
		});
	}

	/** It has put back its pair before the request was removed that ours answers. */
	@Test
	void requestThatThePairInUseAnswersDoesNotPreventTheNextRotation() {
		this.signer.lifetime = ofMinutes(30);
		startReplicas(2);
		this.replicas.get(0).rotate();
		pass(ofMinutes(1));
		PendingRequest answered = Objects.requireNonNull(this.object.sent);
		List<Instant> repairs = IntStream.range(0, 8)
			.mapToObj((i) -> this.time.instant().minusSeconds(60 + i))
			.toList();
		this.object.put(new Stored(this.foreign, answered, null, 0).withRepairs(repairs));
		this.object.reaction = (stored) -> new Stored(this.foreign, stored.pending(), null, 0)
			.withRepairs(stored.repairs());
		pass(ofMinutes(31));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(this.replicas).allSatisfy((replica) -> assertThat(replica.status().state()).isEqualTo(State.VALID));
	}

	/** They have no pair in memory, and read in the store how often that was so. */
	@Test
	void replicasThatRestartRequestTenCertificatesInAnHour() {
		this.object.reaction = (stored) -> new Stored(pairOf("foreign"), stored.pending(), null, 0)
			.withRepairs(stored.repairs());
		this.object.react();
		for (int i = 0; i < 60; i++) {
			startReplicas(1);
			pass(ofMinutes(1));
			this.replicas.remove(0).stop();
			this.object.views.clear();
		}
		assertThat(this.signer.requests).hasSize(MOST);
	}

	/** Such as during a change of {@code signer-ca-file}. */
	@Test
	void replicasThatRefuseEachOthersIssuersRequestTenCertificatesInAnHour() {
		TestAuthority other = new TestAuthority("other");
		this.object.stored = new Stored(this.pair, null, this.time.instant().plus(ofHours(500)), 0);
		start(this.authority, other);
		start(other, this.authority);
		pass(ofHours(1));
		assertThat(this.signer.requests).hasSizeBetween(3, MOST);
	}

	@Test
	void operatorsRequestDoesNotWait() {
		startReplicas(1);
		this.object.reaction = (stored) -> new Stored(this.foreign, stored.pending(), null, 0)
			.withRepairs(stored.repairs());
		this.object.react();
		pass(ofHours(5));
		assertThat(rotate(this.replicas.get(0))).isCompleted();
		assertThat(this.rotations).hasSize(1);
	}

	/**
	 * A program that puts back the whole object removes the request, too. It is noticed
	 * before the answer comes, or when that is stored.
	 */
	@ParameterizedTest
	@ValueSource(ints = { 305, 500 })
	void rotationsThatAnOperatorRequestsLeadToOneCertificateEach(int millis) {
		this.signer.lifetime = ofHours(999);
		this.signer.holds();
		startReplicas(1);
		Stored backup = this.object.stored;
		this.object.reaction = (stored) -> backup;
		this.object.toRequests = true;
		for (int i = 0; i < 6; i++) {
			CompletableFuture<CertificatePair> rotated = rotate(this.replicas.get(0));
			pass(ofMillis(millis));
			answer(i);
			assertThat(rotated).as("request " + i).isCompleted();
			pass(ofMinutes(2));
		}
		assertThat(this.signer.requests).hasSize(6);
		assertThat(this.rotations).hasSize(6);
	}

	private Stored backupOfReplicasThatHaveRotated() {
		this.signer.lifetime = ofHours(999);
		startReplicas(2);
		Stored backup = this.object.stored;
		this.replicas.get(0).rotate();
		pass(ofMinutes(1));
		return backup;
	}

	private void startReplicas(int count) {
		for (int i = 0; i < count; i++) {
			this.replicas.add(start(builder().store(this.object.view())));
		}
	}

	/** Starts a replica that accepts one issuer, whose signer is that issuer. */
	private void start(TestAuthority accepted, TestAuthority refused) {
		CertificateManagerBuilder builder = builder().store(this.object.view())
			.check(IssuedCertificateCheck.ofAuthorities(() -> List.of(accepted.certificate())));
		builder.signers((current) -> {
			this.signer.issues((request) -> List.of(accepted.issue(request.publicKey(), request.template(),
					this.time.instant(), this.time.instant().plus(ofHours(999)))));
			return this.signer;
		});
		this.replicas.add(start(builder));
	}

	private CertificatePair pairOf(String commonName) {
		Instant now = this.time.instant();
		return this.authority.pair(CertificateTemplate.ofSubject(commonName), now.minus(ofHours(1)),
				now.plus(ofHours(999)));
	}

	/** The object that replicas share, with conflicts and watches. */
	private final class SharedObject {

		private final List<View> views = new ArrayList<>();

		private Stored stored = new Stored(ContestedStoreTests.this.pair, null,
				ContestedStoreTests.this.time.instant().plus(ofHours(500)), 0);

		/** The last request that replicas have stored. */
		private @Nullable PendingRequest sent;

		private boolean damaged;

		/** Whether that program reacts to requests as well as to pairs. */
		private boolean toRequests;

		private int version;

		/** The pairs that replicas have stored. */
		private final List<@Nullable CertificatePair> stores = new ArrayList<>();

		/** What another program makes of it, {@code null} for what is damaged. */
		private Function<Stored, @Nullable Stored> reaction = (stored) -> stored;

		View view() {
			View view = new View();
			this.views.add(view);
			return view;
		}

		private void put(@Nullable Stored stored) {
			this.damaged = stored == null;
			this.sent = (stored != null && stored.pending() != null) ? stored.pending() : this.sent;
			Stored next = (stored != null) ? stored : this.stored;
			this.stored = new Stored(next.pair(), next.pending(), next.deadline(), next.repairs(), ++this.version,
					new Findings("backup", null, false));
			this.views.forEach((view) -> ContestedStoreTests.this.time.schedule(view.changed, ofMillis(10)));
		}

		void react() {
			Stored next = this.reaction.apply(this.stored);
			if (next == null || this.toRequests || !Objects.equals(next.pair(), this.stored.pair())) {
				put(next);
			}
		}

		void every(Duration interval) {
			react();
			ContestedStoreTests.this.time.schedule(() -> every(interval), interval);
		}

		private final class View implements CertificateStore.Shared {

			private Runnable changed = () -> {
			};

			@Override
			public Stored read() {
				if (SharedObject.this.damaged) {
					throw new StoreException("It is damaged", null);
				}
				return SharedObject.this.stored;
			}

			@Override
			public Stored write(Stored next) {
				if (!Objects.equals(next.version(), SharedObject.this.stored.version()) && !SharedObject.this.damaged) {
					throw new ConflictException("It has changed");
				}
				boolean pair = SharedObject.this.damaged
						|| !Objects.equals(next.pair(), SharedObject.this.stored.pair());
				put(next);
				if (pair) {
					SharedObject.this.stores.add(next.pair());
				}
				if (pair || SharedObject.this.toRequests) {
					ContestedStoreTests.this.time.schedule(SharedObject.this::react, REACTION);
				}
				return SharedObject.this.stored;
			}

			@Override
			public void onChange(Runnable changed) {
				this.changed = changed;
			}

			@Override
			public String toString() {
				return "Secret shop/shop-tls";
			}

		}

	}

}
