package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static io.kubelet.cert.testsupport.ManagerFixture.assertLine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for a manager that shares its store with another replica, whose part the test
 * plays. The simulation plays both, at random.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReplicaTests {

	private static final CertificateTemplate OTHER = CertificateTemplate.ofSubject("other");

	/**
	 * How long others are given for what they have begun; by chance the shortest time.
	 */
	private static final Duration MOMENT = Duration.ofSeconds(1);

	/** After the rotation deadline of the pair that is stored at first. */
	private static final Duration UNTIL_DEADLINE = Duration.ofHours(69);

	private final ManagerFixture fixture = new ManagerFixture();

	private final SharedMemoryStore store = new SharedMemoryStore();

	private final CertificatePair pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));

	@BeforeEach
	void storePair() {
		this.store.stored = new Stored(this.pair, null, null, 1);
		this.fixture.signer.holds();
	}

	@ParameterizedTest
	@CsvSource({ "60, RESUMED, another process had requested it", "30, DEADLINE, at the deadline" })
	void requestIsJoinedAndItsPairUsed(int secondsBeforeDeadline, Trigger trigger, String words,
			CapturedOutput output) {
		CertificateManager manager = start();
		this.fixture.time.pass(UNTIL_DEADLINE.minusSeconds(secondsBeforeDeadline + 1));
		PendingRequest request = request(ManagerFixture.TEMPLATE);
		this.store.put(new Stored(this.pair, request, null, 2));
		this.fixture.time.settle();
		assertThat(this.fixture.signer.joined).isEmpty();
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.joined).containsExactly(request.request().name());
		assertThat(manager.status().pendingRequest()).isNotNull()
			.returns(request.request().name(), ConfirmedRequest::name);
		assertThat(output).contains("Another replica has stored request " + request.request().name() + ": its");
		CertificatePair answer = answer(request);
		this.store.put(new Stored(answer, null, this.fixture.time.instant().plus(Duration.ofMinutes(50)), 3));
		this.fixture.time.settle();
		assertThat(manager.current()).contains(answer);
		assertThat(manager.status().pendingRequest()).isNull();
		assertThat(manager.status().rotations().history()).extracting(Outcome::trigger, Outcome::serialNumber)
			.containsExactly(tuple(trigger, answer.serialNumber()));
		assertThat(this.fixture.signer.answers).singleElement().matches(CompletableFuture::isCancelled);
		assertThat(output).contains("Another replica stored a pair, which is used now",
				words + ": the certificate was stored by another replica");
		this.fixture.time.pass(Duration.ofMinutes(49));
		assertThat(this.fixture.rotations).hasSize(1);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void requestGivesWayToThatOfAnotherReplica() {
		CertificateManager manager = start();
		CompletableFuture<CertificatePair> rotation = manager.rotate();
		this.fixture.time.settle();
		PendingRequest request = request(ManagerFixture.TEMPLATE);
		this.store.put(new Stored(this.pair, request, null, 2));
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.answers).hasSize(2).first().matches(CompletableFuture::isCancelled);
		assertThat(this.fixture.signer.joined).containsExactly(request.request().name());
		CertificatePair answer = answer(request);
		this.store.put(new Stored(answer, null, null, 3));
		this.fixture.time.settle();
		assertThat(rotation).isCompletedWithValue(answer);
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void replicaThatComesFirstWithARequestIsFollowedAtOnce() {
		CertificateManager manager = start();
		PendingRequest request = request(ManagerFixture.TEMPLATE);
		this.store.faster = new Stored(this.pair, request, null, 2);
		manager.rotate();
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.joined).containsExactly(request.request().name());
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.fixture.failures).isEmpty();
	}

	/** A request remains in the store as long as its object does. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void replicaThatStoresTheAnswerFirstIsFollowed(boolean requestRemains) {
		CertificateManager manager = start();
		manager.rotate();
		this.fixture.time.settle();
		CertificateRequest ours = this.fixture.signer.requests.get(0);
		CertificatePair answer = answer(pending());
		this.store.faster = new Stored(answer, requestRemains ? pending() : null, null, 3);
		this.fixture.signer.answers.get(0).complete(this.fixture.signer.issue(ours));
		this.fixture.time.pass(Duration.ofMinutes(2));
		assertThat(manager.current()).contains(answer);
		assertThat(manager.status().rotations().history()).extracting(Outcome::serialNumber)
			.containsExactly(answer.serialNumber());
	}

	/** Such as one that a person stored. */
	@Test
	void pairThatIsNoAnswerEndsNoAttempt(CapturedOutput output) {
		CertificateManager manager = start();
		CompletableFuture<CertificatePair> rotation = manager.rotate();
		this.fixture.time.settle();
		CertificatePair other = this.fixture.pair(Duration.ZERO, Duration.ofHours(98));
		this.store.put(new Stored(other, pending(), null, 3));
		this.fixture.time.settle();
		assertThat(manager.current()).contains(other);
		assertThat(rotation).isNotDone();
		assertThat(output).contains("A rotation is requested", "Another program stored a pair, which is used now");
		this.fixture.answer(0);
		assertThat(rotation).isCompleted();
		assertThat(manager.status().rotations().history()).extracting(Outcome::trigger)
			.containsExactly(Trigger.REQUESTED, null);
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	@Test
	void attemptEndsWhenItsRequestAndThePairThatItIsForAreGone() {
		CertificateManager manager = start();
		manager.rotate();
		this.fixture.time.settle();
		this.store.put(new Stored(this.pair, null, null, 2));
		this.fixture.time.settle();
		assertThat(this.fixture.signer.answers.get(0)).as("it is for this pair").isNotDone();
		this.store.put(new Stored(this.fixture.pair(Duration.ZERO, Duration.ofHours(98)), null, null, 3));
		this.fixture.time.settle();
		assertThat(this.fixture.signer.answers.get(0)).isCancelled();
		assertThat(this.fixture.signer.requests).as("one was asked for").hasSize(2);
		assertThat(this.store.stored.pending()).isNotNull();
	}

	/** A replica that ended before it sent what it had stored. */
	@Test
	void requestThatWasNotCreatedIsCreatedAfterAMoment() {
		CertificateManager manager = start();
		nothingIsFound();
		PendingRequest request = request(ManagerFixture.TEMPLATE);
		this.store.put(new Stored(this.pair, request, null, 2));
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.joined).hasSize(1);
		this.fixture.signer.issues();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.requests).isEmpty();
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.requests).extracting(CertificateRequest::name)
			.containsExactly(request.request().name());
		assertThat(manager.current().orElseThrow().leaf().getPublicKey()).isEqualTo(request.request().publicKey());
		assertThat(this.store.stored.pending()).isNull();
		assertThat(this.fixture.failures).isEmpty();
	}

	@Test
	void eachRequestOfAnotherReplicaIsGivenAMoment() {
		start();
		nothingIsFound();
		this.store.put(new Stored(this.pair, request(ManagerFixture.TEMPLATE), null, 2));
		this.fixture.time.pass(MOMENT);
		PendingRequest second = request(ManagerFixture.TEMPLATE);
		this.store.put(new Stored(this.pair, second, null, 3));
		this.fixture.time.settle();
		this.fixture.random = 0.5;
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.joined).hasSize(2);
		this.fixture.signer.issues();
		this.fixture.time.pass(MOMENT.multipliedBy(2).minusMillis(1));
		assertThat(this.fixture.signer.requests).isEmpty();
		this.fixture.time.pass(Duration.ofMillis(1));
		assertThat(this.fixture.signer.requests).extracting(CertificateRequest::name)
			.containsExactly(second.request().name());
		assertThat(this.fixture.failures).isEmpty();
	}

	/** Another replica may have stored the certificate, and deleted the object. */
	@Test
	void objectThatVanishesIsLookedForOnceMoreBeforeANewRequest(CapturedOutput output) {
		start().rotate();
		this.fixture.time.settle();
		PendingRequest first = pending();
		lose(0);
		assertThat(this.fixture.signer.answers).hasSize(1);
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.answers).as("it was found again").hasSize(2);
		this.fixture.signer.silent();
		lose(1);
		this.fixture.time.pass(MOMENT);
		assertThat(this.fixture.signer.requests).extracting(CertificateRequest::name)
			.containsExactly(first.request().name(), first.request().name(), first.request().name());
		assertThat(output).doesNotContain("a new request follows");
		lose(2);
		assertThat(output).contains("It does not exist; a new request follows");
		assertThat(this.fixture.signer.requests).hasSize(4);
		assertThat(pending().request().publicKey()).isNotEqualTo(first.request().publicKey());
		assertThat(this.fixture.failures).isEmpty();
	}

	private void lose(int answer) {
		this.fixture.signer.answers.get(answer)
			.completeExceptionally(RequestException.lost("gone", "Gone", "It does not exist"));
		this.fixture.time.settle();
	}

	@Test
	void storingTheAnswerIsTriedAFewTimes() {
		start().rotate();
		this.fixture.time.settle();
		this.store.conflicts = true;
		this.fixture.answer(0);
		assertThat(this.store.conflicting).isEqualTo(5);
		assertThat(this.fixture.failures).hasSize(1);
	}

	@ParameterizedTest
	@CsvSource({ "50h, 50h, 2500ms", "1s, 1s, 2500ms", "98h, 98h, 2500ms", "0s, 80h, 0s", "100h, 80h, 0s" })
	void deadlineIsThatOfAllReplicasAndAMoment(String stored, String expected, String moment) {
		this.fixture.random = 0.5;
		CertificatePair other = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(99));
		this.store.stored = new Stored(other, null, other.notBefore().plus(DurationStyle.detectAndParse(stored)), 2);
		assertThat(start().status().schedule().deadline()).isEqualTo(other.notBefore()
			.plus(DurationStyle.detectAndParse(expected))
			.plus(DurationStyle.detectAndParse(moment)));
	}

	@Test
	void pairForTheTemplateOfAnotherReplicaIsReported(CapturedOutput output) {
		CertificateManager manager = start();
		CertificatePair other = this.fixture.authority.pair(OTHER, this.fixture.time.instant(),
				this.fixture.time.instant().plus(Duration.ofHours(99)));
		this.store.put(new Stored(other, null, this.fixture.time.instant().plus(Duration.ofHours(50)), 2));
		this.fixture.time.settle();
		assertLine(output, "It was started later and has another").contains("WARN", "Another replica stored a pair");
		assertThat(manager.status().schedule().deadline())
			.isEqualTo(this.fixture.time.instant().plus(Duration.ofHours(1)));
	}

	/** Whoever can write the store could have our identity create anything. */
	@Test
	void requestThatIsNotWhatWeWouldAskForIsNeverCreated() {
		CertificateManager manager = start();
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateTemplate template = CertificateTemplate.ofSubject("admin");
		PendingRequest planted = new PendingRequest(
				CertificateRequests.create("planted-1", template, "example.com/admin", List.of(), null, keys),
				keys.getPrivate(), null, null);
		nothingIsFound();
		this.store.put(new Stored(this.pair, planted, null, 2));
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.fixture.signer.joined).isNotEmpty().allMatch("planted-1"::equals);
		assertThat(this.fixture.signer.requests).isEmpty();
		assertThat(this.store.stored.pending()).as("nobody waits for it any more").isNull();
		assertThat(manager.current()).contains(this.pair);
	}

	@Test
	void pairForTheTemplateOfAnotherReplicaIsUsedForAnHour(CapturedOutput output) {
		CertificateManager manager = start();
		PendingRequest request = request(OTHER);
		this.store.put(new Stored(this.pair, request, null, 2));
		this.fixture.time.pass(MOMENT);
		this.fixture.signer.lifetime = Duration.ofHours(100);
		this.fixture.signer.answers.get(0).complete(this.fixture.signer.issue(request.request()));
		this.fixture.time.settle();
		assertThat(manager.current().orElseThrow().leaf()).matches(OTHER::isSatisfiedBy);
		assertThat(manager.status().schedule().deadline())
			.isEqualTo(this.fixture.time.instant().plus(Duration.ofHours(1)));
		assertThat(output).contains(", which has the template of a replica that was started later: its certificate");
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(manager.current().orElseThrow().leaf()).matches(ManagerFixture.TEMPLATE::isSatisfiedBy);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestIsJoinedAtTheStartOrRemovedIfItsTemplateIsAnother(boolean sameTemplate) {
		PendingRequest request = request(sameTemplate ? ManagerFixture.TEMPLATE : OTHER);
		this.store.stored = new Stored(this.pair, request, null, 1);
		start();
		this.fixture.time.pass(MOMENT);
		assertThat(sameTemplate ? this.fixture.signer.joined : this.fixture.signer.discarded)
			.containsExactly(request.request().name());
		assertThat(sameTemplate ? this.fixture.signer.discarded : this.fixture.signer.joined).isEmpty();
		assertThat(this.store.stored.pending() != null).isEqualTo(sameTemplate);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	/** By a replica that has ended since. */
	@Test
	void requestThatWasAnsweredAndLeftIsRemovedAfterHalfAMinute() {
		PendingRequest answered = answeredRequest();
		CertificateManager manager = start();
		this.fixture.time.pass(Duration.ofSeconds(29));
		assertThat(this.store.stored.pending()).isEqualTo(answered);
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(this.store.stored.pending()).isNull();
		assertThat(this.fixture.signer.discarded).containsExactly(answered.request().name());
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.fixture.signer.joined).isEmpty();
	}

	@Test
	void requestIsRemovedFromTheStoreAfterItsObjectUnlessAnotherHasTakenItsPlace() {
		answeredRequest();
		CompletableFuture<Void> removal = new CompletableFuture<>();
		this.fixture.signer.removal = removal;
		start();
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(this.fixture.signer.discarded).hasSize(1);
		assertThat(this.store.stored.pending()).isNotNull();
		PendingRequest next = request(ManagerFixture.TEMPLATE);
		this.store.put(new Stored(this.store.stored.pair(), next, null, 2));
		this.fixture.time.settle();
		removal.complete(null);
		this.fixture.time.settle();
		assertThat(this.store.stored.pending()).isEqualTo(next);
	}

	@Test
	void requestThatWasAnsweredAndLeftIsRemovedByTheNextRotation() {
		PendingRequest answered = answeredRequest();
		this.fixture.signer.issues();
		start().rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.signer.discarded).hasSize(2).first().isEqualTo(answered.request().name());
		assertThat(this.fixture.rotations).hasSize(1);
	}

	/** With a signer whose objects have to be deleted, the request remains until then. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestIsRemovedWithThePairUnlessItsObjectRemains(boolean objectRemains) {
		this.fixture.signer.keepsObjects = objectRemains;
		this.fixture.signer.issues();
		start().rotate();
		this.fixture.time.settle();
		assertThat(this.store.writes).extracting((stored) -> stored.pending() != null)
			.isEqualTo(objectRemains ? List.of(true, true, false) : List.of(true, false));
		assertThat(this.fixture.signer.discarded).hasSize(1);
	}

	@Test
	void deniedRequestOfAnotherReplicaMakesNoRotationDue() {
		CertificateManager manager = start();
		deny(request(ManagerFixture.TEMPLATE));
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(this.fixture.failures).hasSize(1);
		assertThat(this.store.stored.pending()).isNull();
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	/** The other replica has been told something that we have missed. */
	@Test
	void requestThatItsReplicaHasWithdrawnIsAFailure() {
		CertificateManager manager = start();
		this.fixture.signer.silent();
		this.fixture.signer.failsWith((any) -> RequestException.unavailable(null, "Down", "It is down", null, null));
		this.store.put(new Stored(this.pair, request(ManagerFixture.TEMPLATE), null, 2));
		this.fixture.time.pass(Duration.ofSeconds(6));
		assertThat(this.fixture.signer.joined).as("after 1, 3 and 5 seconds").hasSize(3);
		this.store.put(new Stored(this.pair, null, null, 3));
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(this.fixture.failures).extracting(Failure::reason)
			.containsExactly("Down", "Down", "Down", "Withdrawn");
		assertThat(this.fixture.signer.joined).hasSize(3);
		assertThat(manager.status().state()).isEqualTo(State.VALID);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestThatIsDeniedOrWithdrawnBeforeItIsLookedForIsAFailureWithAPause(boolean denied) {
		start();
		this.fixture.time.pass(UNTIL_DEADLINE.minusSeconds(10));
		deny(request(ManagerFixture.TEMPLATE));
		if (!denied) {
			this.fixture.time.settle();
			this.store.put(new Stored(this.pair, null, null, 3));
		}
		this.fixture.time.pass(Duration.ofSeconds(59));
		assertThat(this.fixture.failures).extracting(Failure::reason).containsExactly(denied ? "Policy" : "Withdrawn");
		assertThat(this.fixture.signer.requests).isEmpty();
		this.fixture.time.pass(Duration.ofSeconds(3));
		assertThat(this.fixture.signer.requests).hasSize(1);
	}

	private void nothingIsFound() {
		this.fixture.signer.silent();
		this.fixture.signer.failsWith((request) -> RequestException.lost("gone", "Gone", "It does not exist"));
	}

	private void deny(PendingRequest request) {
		this.fixture.signer.failsWith((any) -> RequestException.denied("joined", "signer", "Policy", "Not today"));
		this.store.put(new Stored(this.pair, request, null, 2));
	}

	private CertificateManager start() {
		return this.fixture.start(this.fixture.builder().store(this.store).template(ManagerFixture.TEMPLATE));
	}

	/** What another replica with this template stores. */
	private PendingRequest request(CertificateTemplate template) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		List<Usage> usages = Usage.defaults(ManagerFixture.SIGNER, template, keys.getPublic());
		String name = RequestNaming.BY_KEY.name(keys.getPublic(), template, usages);
		return new PendingRequest(CertificateRequests.create(name, template, ManagerFixture.SIGNER, usages, null, keys),
				keys.getPrivate(), KeySpecification.EC_P256, this.pair.serialNumber());
	}

	/** The pending request and its answer are stored. */
	private PendingRequest answeredRequest() {
		PendingRequest request = request(ManagerFixture.TEMPLATE);
		this.fixture.signer.lifetime = Duration.ofHours(100);
		this.store.stored = new Stored(answer(request), request, null, 1);
		return request;
	}

	private PendingRequest pending() {
		return Objects.requireNonNull(this.store.stored.pending());
	}

	private CertificatePair answer(PendingRequest request) {
		return new CertificatePair(this.fixture.signer.issue(request.request()), request.privateKey());
	}

}
