package io.kubelet.cert.kubernetes.internal.secret;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SecretStore}: what is written is read, by each replica and through
 * outages of the API server.
 *
 * @see SecretStore
 * @see SecretApi
 * @see LatestSecret
 */
@ExtendWith(OutputCaptureExtension.class)
class SecretStoreTests extends SecretStoreFixture {

	@Test
	void absentSecretIsCreatedByTheFirstWrite() {
		assertThat(this.plane.requests()).as("before the first reading").isEmpty();
		Stored nothing = this.store.read();
		assertThat(nothing).isEqualTo(new Stored(null, null, null, ""));
		PendingRequest pending = pending();
		Stored waiting = this.store.write(nothing.withPending(pending));
		assertThat(store(null).read().pending()).isNotNull()
			.returns(pending.request(), PendingRequest::request)
			.returns(pending.keys().getPrivate(), (read) -> read.keys().getPrivate());
		assertThat(secret()).containsOnlyKeys("tls.crt", "tls.key", "request.pem").containsEntry("tls.crt", "");
		CertificatePair pair = pair().withAuthorities(List.of(AUTHORITY.certificate()));
		Stored stored = this.store.write(waiting.withPending(null).withPair(pair, DEADLINE));
		assertThat(secret()).isEqualTo(Map.of("tls.crt", Pem.write(pair.chain()), "tls.key", Pem.writePrivateKey(pair),
				"ca.crt", Pem.write(List.of(AUTHORITY.certificate()))));
		assertThat(this.store.read()).isEqualTo(stored);
		Stored other = store(null).read();
		assertThat(other).isEqualTo(stored);
		assertThat(other.pair()).returns(List.of(AUTHORITY.certificate()), CertificatePair::authorities);
		int updates = this.plane.count(updates());
		assertThat(this.store.write(stored)).isEqualTo(stored);
		assertThat(this.plane.count(updates())).as("nothing has changed").isEqualTo(updates);
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_24)
	void pairOfMlDsaIsStoredAndReadAgain() {
		CertificatePair pair = Pem
			.readPair(ProjectFiles.read("cert-manager-autoconfigure/src/test/resources/ml-dsa/pair.pem"));
		this.store.write(this.store.read().withPair(pair, null));
		assertThat(store(null).read().pair()).isEqualTo(pair);
	}

	@Test
	void readingIsALookAtTheMemoryAndAChangeIsSignalled() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		AtomicInteger changes = new AtomicInteger();
		SecretStore replica = store(null);
		replica.onChange(changes::incrementAndGet);
		replica.read();
		awaitWatches(2);
		int requests = this.plane.requests().size();
		for (int i = 0; i < 100; i++) {
			assertThat(replica.read()).isEqualTo(stored);
		}
		CertificatePair next = pair();
		this.store.write(stored.withPair(next, null));
		await().untilAsserted(() -> assertThat(changes).hasValue(1));
		assertThat(replica.read().pair()).isEqualTo(next);
		assertThat(this.plane.requests()).as("one write").hasSize(requests + 1);
	}

	@Test
	void oneOfTwoWritesFailsAndFollowsTheOther() {
		SecretStore replica = store(null);
		for (String state : List.of("absent", "present")) {
			Stored before = replica.read();
			Stored winner = this.store.write(this.store.read().withPending(pending()));
			assertThatExceptionOfType(CertificateStore.ConflictException.class).as(state)
				.isThrownBy(() -> replica.write(before.withPending(pending())));
			assertThat(replica.read()).returns(winner.version(), Stored::version);
		}
	}

	@Test
	void answerThatIsLostIsNotKnownUntilTheSecretIsRead() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), null));
		PendingRequest pending = pending();
		this.plane.faults().next(1, updates()).answerAfter(500);
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.write(stored.withPending(pending)))
			.returns(Kind.UNAVAILABLE, StoreException::kind);
		assertThat(this.store.read().pending()).isNotNull()
			.matches((found) -> found.hasKey(pending.request().publicKey()));
	}

	@Test
	void lastStateRemainsWhileTheServerCannotBeReached() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		this.plane.pause();
		assertThat(this.store.read()).isEqualTo(stored);
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(stored.withPending(pending())))
			.returns(Kind.UNAVAILABLE, StoreException::kind)
			.withMessageContaining("Cannot store in Secret shop/shop-tls: The API server at " + this.plane.url());
		assertThat(this.store.read()).isEqualTo(stored);
		this.plane.resume();
		CertificatePair edited = pair();
		this.plane.secrets().put("shop", "shop-tls", data(edited));
		await().until(() -> edited.equals(this.store.read().pair()));
		assertThat(this.store.read().deadline()).as("that of another pair").isNull();
	}

	/** A start asks once: each wait for a server that is silent takes 10 seconds. */
	@Test
	void serverThatDoesNotAnswerIsAskedOnceAndReportedUntilItAnswers() {
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> true).answer(503);
		assertThat(this.store.foreignContent()).isEmpty();
		assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.store.read())
			.returns(Kind.UNAVAILABLE, StoreException::kind)
			.withMessageContaining("Cannot read Secret shop/shop-tls: The API server at " + this.plane.url());
		assertThat(this.plane.count((request) -> request.path().endsWith("/shop-tls"))).isOne();
		AtomicInteger changes = new AtomicInteger();
		this.store.onChange(changes::incrementAndGet);
		this.plane.faults().clear();
		await().until(() -> changes.get() > 0);
		assertThat(this.store.read()).isEqualTo(new Stored(null, null, null, ""));
	}

	/** Its versions are lower than those that are known. */
	@Test
	void secretOfARestoredBackupIsTakenFromTheList() {
		Stored stored = this.store.write(this.store.read().withPair(pair(), DEADLINE));
		awaitWatches(1);
		this.plane.faults().next(Integer.MAX_VALUE, (request) -> request.path().endsWith("/shop-tls")).answer(500);
		this.plane.faults().resetResourceVersions();
		await().until(() -> !Objects.equals(this.store.read().version(), stored.version()));
		assertThat(this.store.read().pair()).isEqualTo(stored.pair());
		this.plane.faults().clear();
		this.store.write(this.store.read().withPending(pending()));
		assertThat(secret()).containsKey("request.pem");
	}

	/** The request was denied, and there is no pair yet. */
	@Test
	void pendingRequestThatAReplicaRemovesIsNotStoredAgain() {
		Stored waiting = this.store.write(this.store.read().withPending(pending()));
		SecretStore replica = store(null);
		replica.read();
		awaitWatches(2);
		this.store.write(waiting.withPending(null));
		await().until(() -> replica.read().pending() == null);
		assertThat(secret()).doesNotContainKey("request.pem");
	}

	@Test
	void permissionToCreateIsNotNeededIfTheDeploymentCreatesTheSecret() {
		permitOnly("get", "list", "watch", "update");
		Stored nothing = this.store.read();
		assertThatExceptionOfType(StoreException.class)
			.isThrownBy(() -> this.store.write(nothing.withPending(pending())))
			.returns(Kind.FORBIDDEN, StoreException::kind)
			.extracting(StoreException::report, InstanceOfAssertFactories.STRING)
			.contains("kubectl create role kubelet-cert-secrets --namespace shop --verb=create --resource=secrets\n")
			.endsWith("Or the deployment creates the Secret, of type kubernetes.io/tls and without a pair");
		this.plane.secrets().put("shop", "shop-tls", Map.of("other", "kept"));
		CertificatePair pair = pair();
		// The watch may tell of the Secret between reading and writing, or that there was
		// none when it began
		await().ignoreExceptionsInstanceOf(StoreException.class)
			.untilAsserted(() -> this.store.write(this.store.read().withPair(pair, null)));
		assertThat(secret()).containsEntry("other", "kept").containsEntry("tls.crt", Pem.write(pair.chain()));
	}

	@Test
	void whoeverMayNotWatchReads() {
		this.store.write(this.store.read().withPair(pair(), null));
		permitOnly("get", "update");
		this.store.read();
		await().until(() -> this.plane
			.count((request) -> request.path().endsWith("/secrets") && request.status() == 403) > 0);
		CertificatePair other = pair();
		this.plane.secrets().put("shop", "shop-tls", data(other));
		await().until(() -> other.equals(this.store.read().pair()));
	}

	@Test
	void copyLetsAReplicaStartWithoutTheServer() {
		CertificatePair pair = pair().withAuthorities(List.of(AUTHORITY.certificate()));
		SecretStore first = store(copy());
		first.write(this.store.read().withPair(pair, DEADLINE));
		use(first);
		this.plane.pause();
		SecretStore replica = store(copy());
		assertThat(replica.read()).isEqualTo(new Stored(pair, null, null, null))
			.extracting(Stored::pair)
			.returns(pair.authorities(), CertificatePair::authorities);
		this.plane.resume();
		await().until(() -> replica.read().deadline() != null);
	}

	@Test
	void copyFollowsTheSecretAndIsWrittenOnce() throws IOException {
		SecretStore replica = store(copy());
		replica.read();
		CertificatePair pair = pair();
		this.store.write(this.store.read().withPair(pair, DEADLINE));
		await().until(() -> pair.equals(replica.read().pair()));
		use(replica);
		assertThat(copy().read().pair()).isEqualTo(pair);
		use(store(copy()));
		replica.write(replica.read().withPending(pending()));
		assertThat(this.directory.resolve("pki").toFile().list()).hasSize(2);
	}

	@Test
	void copyGetsTheAuthoritiesThatTheSamePairGets() {
		CertificatePair pair = pair();
		SecretStore replica = store(copy());
		replica.keep(pair);
		replica.keep(pair.withAuthorities(List.of(AUTHORITY.certificate())));
		assertThat(copy().read().pair()).isEqualTo(pair)
			.extracting(CertificatePair::authorities)
			.isEqualTo(List.of(AUTHORITY.certificate()));
	}

	@Test
	void copyThatCannotBeWrittenIsReportedUntilThePairIsKeptAgain() throws IOException {
		AtomicBoolean full = new AtomicBoolean(true);
		CertificateStore files = copy();
		SecretStore replica = store(new CertificateStore() {

			@Override
			public Stored read() {
				return files.read();
			}

			@Override
			public Stored write(Stored next) {
				if (full.get()) {
					throw new StoreException("No space left on device", null);
				}
				return files.write(next);
			}

		});
		CertificatePair pair = pair();
		replica.write(replica.read().withPair(pair, DEADLINE));
		use(replica);
		assertThat(replica.copyProblem()).isPresent();
		full.set(false);
		replica.read();
		assertThat(copy().read().pair()).as("reading writes nothing").isNull();
		assertThat(replica.lacksCopy()).isTrue();
		replica.keep(pair);
		assertThat(replica.lacksCopy()).isFalse();
		assertThat(replica.copyProblem()).isEmpty();
		assertThat(copy().read().pair()).isEqualTo(pair);
	}

	/** Its failures name a temporary file. */
	@Test
	void copyThatCannotBeWrittenIsReportedOnceForEachPair(CapturedOutput output) {
		AtomicInteger failures = new AtomicInteger();
		SecretStore replica = store(new CertificateStore() {

			@Override
			public Stored read() {
				return Stored.NOTHING;
			}

			@Override
			public Stored write(Stored next) {
				throw new StoreException("Cannot write " + failures.incrementAndGet(), null);
			}

		});
		CertificatePair pair = pair();
		replica.keep(pair);
		replica.keep(pair);
		assertThat(output).containsOnlyOnce("Cannot write");
		assertThat(replica.copyProblem())
			.hasValueSatisfying((problem) -> assertThat(problem).contains("Cannot write 1"));
		replica.keep(pair());
		assertThat(output).contains("Cannot write 3").doesNotContain("Cannot write 2");
	}

	@Test
	void nothingIsWrittenWhereRotationIsOff() {
		copy().write(Stored.NOTHING.withPair(pair(), null));
		SecretStore reader = store("shop", false, copy());
		assertThat(reader.read().pair()).isNull();
		assertThat(this.plane.count((request) -> !request.method().equals("GET"))).isZero();
	}

}
