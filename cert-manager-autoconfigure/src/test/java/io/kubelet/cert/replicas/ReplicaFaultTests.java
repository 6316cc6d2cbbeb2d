package io.kubelet.cert.replicas;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.replicas.Replicas.Replica;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas that share a certificate, when something goes wrong: in the end all
 * have the same valid certificate, no replica sends a second request, and none fails for
 * a reason of another one.
 */
class ReplicaFaultTests {

	private static final TestAuthority AUTHORITY = new TestAuthority("somebody");

	@AutoClose
	private final Replicas replicas = new Replicas();

	@Test
	void manyStartAtTheSameMomentAndRotateOnce() {
		this.replicas.startTogether(20, "startup.timeout=120s");
		CertificatePair first = this.replicas.awaitAgreement();
		assertOneObject("20 replicas start at the same moment");
		this.replicas.plane.clearRequests();
		this.replicas.running.get(17).manager().rotate();
		this.replicas.awaitSuccessor(first);
		assertOneObject("20 replicas rotate");
	}

	/** Before the answer, and between the answer and storing it. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requesterEnds(boolean beforeTheAnswer) {
		Replica requester = this.replicas.start();
		Replica other = this.replicas.start();
		CertificatePair before = beginRotation(requester);
		if (beforeTheAnswer) {
			requester.stop();
		}
		this.replicas.plane.faults()
			.next(Integer.MAX_VALUE,
					(request) -> request.user().equals(requester.user()) && request.method().equals("PUT"))
			.answer(503);
		this.replicas.approve();
		await().atMost(Replicas.PATIENCE).until(() -> !other.pair().equals(before));
		requester.stop();
		this.replicas.awaitSuccessor(before);
		assertCreates("the requester ends", 1);
	}

	/** As for a replica that has sent the request but cannot be reached any more. */
	@Test
	void requesterIsCutOffWhileItsRequestIsPendingAndUntilItsCertificateHasExpired() {
		Duration years = Duration.ofDays(1000);
		Replica requester = this.replicas.start();
		Replica other = this.replicas.start();
		CertificatePair before = beginRotation(requester);
		requester.cutOff();
		this.replicas.approve();
		await().atMost(Replicas.PATIENCE).until(() -> !other.pair().equals(before));
		assertThat(requester.pair()).isEqualTo(before);
		requester.clock.set(years);
		assertThat(requester.status().state()).isEqualTo(CertificateStatus.State.EXPIRED);
		requester.clock.set(years.negated());
		this.replicas.plane.faults().clear();
		this.replicas.awaitAgreement();
		assertCreates("the requester is cut off while its request is pending", 1);
	}

	/** As during the election of a leader of etcd, which a watch survives. */
	@Test
	void secretCannotBeReadOrWrittenForAMoment() {
		Replica replica = this.replicas.start();
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.faults()
			.next(Integer.MAX_VALUE, (request) -> request.path().endsWith("/secrets/shop-tls"))
			.answer(500);
		replica.manager().rotate();
		await().atMost(Replicas.PATIENCE)
			.until(() -> replica.status().lastFailure() != null && failure(replica).message().contains("Cannot read"));
		this.replicas.plane.faults().clear();
		replica.manager().rotate();
		this.replicas.awaitSuccessor(before);
		assertCreates("the Secret can be neither read nor written for a moment", 1);
	}

	@Test
	void secretIsDeleted() {
		this.replicas.startTogether(3);
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.secrets().delete("shop", "shop-tls");
		await().atMost(Replicas.PATIENCE).until(() -> !this.replicas.secret().isEmpty());
		assertThat(this.replicas.awaitAgreement()).isEqualTo(before);
		assertThat(this.replicas.start().pair()).isEqualTo(before);
		assertCreates("the Secret is deleted", 0);
	}

	@Test
	void secretIsDeletedWhileARequestIsPending() {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		CertificatePair before = beginRotation(both.get(0));
		this.replicas.plane.secrets().delete("shop", "shop-tls");
		await().atMost(Replicas.PATIENCE).until(this.replicas::isPending);
		this.replicas.approve();
		this.replicas.awaitSuccessor(before);
		assertCreates("the Secret is deleted while a request is pending", 1);
	}

	/** Garbage, and a pair of something else. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whatCannotBeUsedIsReplacedByARotation(boolean isGarbage) {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		CertificatePair other = pair("other");
		Map<String, String> data = isGarbage ? Map.of("tls.crt", "garbage") : data(other);
		this.replicas.plane.secrets().put("shop", "shop-tls", data);
		await().atMost(Replicas.PATIENCE)
			.until(() -> !Objects.equals(data.get("tls.crt"), this.replicas.secret().get("tls.crt")));
		this.replicas.awaitAgreement();
		assertThat(both).allSatisfy((replica) -> assertThat(replica.status().rotations().history())
			.extracting(CertificateStatus.Outcome::serialNumber)
			.doesNotContain(other.serialNumber()));
		assertThat(this.replicas.creates()).isBetween(isGarbage ? 0 : 1, 1);
	}

	@Test
	void secretThatAnotherProgramTakesOverIsReportedAndLeftAlone() {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.pause();
		this.replicas.plane.secrets().delete("shop", "shop-tls");
		this.replicas.plane.secrets().put("shop", "shop-tls", data(pair("shop")));
		this.replicas.plane.resume();
		await().atMost(Replicas.PATIENCE)
			.untilAsserted(
					() -> assertThat(both).allSatisfy((replica) -> assertThat(replica.status().health()).asString()
						.contains("it contains a certificate that another program has stored")));
		assertThat(both).allMatch((replica) -> replica.pair().equals(before));
		assertCreates("another program takes the Secret over", 0);
	}

	@Test
	void immutableSecretIsReportedByAllAndDeleted() {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.secrets().makeImmutable("shop", "shop-tls");
		assertThat(both.get(0).manager().rotate()).failsWithin(Replicas.PATIENCE);
		assertThat(failure(both.get(0)).message()).contains("is immutable",
				"kubectl delete secret --namespace shop shop-tls");
		assertThat(this.replicas.creates()).isZero();
		assertThat(both).allMatch((replica) -> replica.pair().equals(before));
		this.replicas.plane.secrets().delete("shop", "shop-tls");
		await().atMost(Replicas.PATIENCE).until(() -> !this.replicas.secret().isEmpty());
		both.get(1).manager().rotate();
		this.replicas.awaitSuccessor(before);
		assertCreates("the Secret is made immutable, and deleted", 1);
	}

	@Test
	void requestsThatAreDeletedAtOnceAreAFailureWithAPause() {
		Replica replica = this.replicas.start();
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.approveNothing();
		CompletableFuture<CertificatePair> rotation = replica.manager().rotate();
		await().until(() -> {
			this.replicas.plane.openCertificateSigningRequests().forEach(this.replicas.plane::delete);
			return rotation.isDone();
		});
		assertThat(failure(replica).reason()).isEqualTo("Gone");
		assertThat(failure(replica).nextAttempt()).isAfter(failure(replica).at());
		assertCreates("each request is deleted at once", 2);
		this.replicas.approve();
		replica.manager().rotate();
		this.replicas.awaitSuccessor(before);
		assertCreates("the next one is not deleted", 3);
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void deletionThatFailsIsRepeatedAfterTheNextRotationOnly(CapturedOutput output) {
		this.replicas.plane.certManager().issuer("shop", "internal");
		this.replicas.plane.faults().next(Integer.MAX_VALUE, RecordedRequest::isDelete).answer(500);
		Replica replica = this.replicas.start("signer-name=", "issuer.name=internal");
		await().until(() -> output.getOut().contains("could not be deleted"));
		assertThat(this.replicas.plane.count(RecordedRequest::isDelete)).isOne();
		replica.clock.set(Duration.ofSeconds(40));
		for (int review = 0; review < 5; review++) {
			replica.manager().awaitedFor(Duration.ofSeconds(1));
		}
		assertThat(replica.manager().rotate()).succeedsWithin(Replicas.PATIENCE);
		await().until(() -> this.replicas.plane.count(RecordedRequest::isDelete) >= 3);
		assertThat(this.replicas.plane.count(RecordedRequest::isDelete)).isEqualTo(3);
	}

	@Test
	void deniedRequestIsSeenByAllAndRepeatedByOne() {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.behavior().approval(ApprovalPolicy.denying("Policy", "Not today"));
		both.get(0).manager().rotate();
		await().atMost(Replicas.PATIENCE)
			.until(() -> both.stream().allMatch((replica) -> replica.status().lastFailure() != null));
		assertThat(failure(both.get(0)).message()).contains("Not today");
		assertThat(failure(both.get(1)).message()).containsAnyOf("Not today", "was withdrawn by another replica");
		assertThat(both).allMatch((replica) -> replica.pair().equals(before));
		this.replicas.approve();
		both.get(1).manager().rotate();
		this.replicas.awaitSuccessor(before);
		assertCreates("a request is denied, and its successor is not", 2);
	}

	@Test
	void clocksDifferByThirtySeconds() {
		List<OffsetClock> clocks = Stream.of(-15, 0, 15).map(Duration::ofSeconds).map((offset) -> {
			OffsetClock clock = new OffsetClock();
			clock.set(offset);
			return clock;
		}).toList();
		this.replicas.plane.behavior().certificateLifetime(Duration.ofHours(1));
		clocks.forEach((clock) -> this.replicas.start(clock));
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.behavior().certificateLifetime(Duration.ofDays(1));
		clocks.forEach((clock) -> clock.set(Duration.ofMinutes(57)));
		// Any change lets the replicas look at their clocks
		this.replicas.plane.secrets().put("shop", "shop-tls", Map.of("note", "changed"));
		this.replicas.awaitSuccessor(before);
		assertCreates("clocks differ by 30 s", 1);
	}

	@Test
	void rollingUpdateToAnotherTemplate() throws Exception {
		List<Replica> old = new ArrayList<>(this.replicas.startTogether(3));
		this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		while (!old.isEmpty()) {
			this.replicas.start("template.dns-names=new.shop.svc");
			old.remove(0).stop();
		}
		CertificatePair pair = this.replicas.awaitAgreement();
		assertThat(pair.leaf().getSubjectAlternativeNames().toString()).contains("new.shop.svc");
		assertCreates("a rolling update of three replicas to another template", 1);
	}

	@Test
	void rollingUpdateFromFilesToASecretAndBack() {
		String files = "cert-dir=" + this.replicas.directory.resolve("pki");
		Replica first = this.replicas.start("store.type=file", "store.secret=", files);
		CertificatePair pair = first.pair();
		this.replicas.running.remove(first);
		Replica second = this.replicas.start(files);
		assertThat(second.pair()).isEqualTo(pair);
		first.stop();
		assertThat(this.replicas.start().pair()).isEqualTo(pair);
		this.replicas.awaitAgreement();
		second.manager().rotate();
		CertificatePair next = this.replicas.awaitSuccessor(pair);
		second.stop();
		Replica back = this.replicas.start("store.type=file", "store.secret=", files);
		assertThat(back.pair()).isEqualTo(next);
		assertCreates("from files to a Secret and back, with one rotation", 2);
	}

	/**
	 * Begins a rotation, which nobody approves.
	 * @return the pair that it is to replace
	 */
	private CertificatePair beginRotation(Replica requester) {
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.approveNothing();
		requester.manager().rotate();
		this.replicas.awaitPending();
		return before;
	}

	private void assertCreates(String what, int expected) {
		Figures.report(what, this.replicas.figures());
		assertThat(this.replicas.creates()).as(this.replicas.figures()).isEqualTo(expected);
	}

	/** Where the machine is busy, a replica may try to create the same object again. */
	private void assertOneObject(String what) {
		Figures.report(what, this.replicas.figures());
		assertThat(this.replicas.plane.count((request) -> request.isCreate() && request.status() == 201))
			.as(this.replicas.figures())
			.isOne();
	}

	private static CertificateStatus.Failure failure(Replica replica) {
		return Objects.requireNonNull(replica.status().lastFailure(), "no failure");
	}

	private static CertificatePair pair(String name) {
		Instant now = Instant.now();
		CertificateTemplate template = new CertificateTemplate(name, List.of(), List.of(name + ".shop.svc"), List.of(),
				List.of(), List.of());
		return AUTHORITY.pair(template, now.minusSeconds(60), now.plus(Duration.ofDays(10)));
	}

	private static Map<String, String> data(CertificatePair pair) {
		return Map.of("tls.crt", Pem.write(pair.chain()), "tls.key", Pem.writePrivateKey(pair));
	}

}
