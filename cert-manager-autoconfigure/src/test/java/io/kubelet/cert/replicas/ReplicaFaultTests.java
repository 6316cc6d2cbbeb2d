package io.kubelet.cert.replicas;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.replicas.Replicas.Replica;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.RecordedRequest;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas that share a certificate, when something goes wrong with the objects
 * in the API server: in the end all have the same valid certificate, and no replica sends
 * a second request. The simulation kills replicas, cuts them off and denies requests.
 */
class ReplicaFaultTests {

	@AutoClose
	private final Replicas replicas = new Replicas();

	/** As during the election of a leader of etcd, which a watch survives. */
	@Test
	void secretCannotBeReadOrWrittenForAMoment() {
		Replica replica = this.replicas.start();
		CertificatePair before = this.replicas.settle();
		this.replicas.plane.faults()
			.next(Integer.MAX_VALUE, (request) -> request.path().endsWith("/secrets/shop-tls"))
			.answer(500);
		replica.manager().rotate();
		await().atMost(Replicas.PATIENCE)
			.until(() -> replica.status().lastFailure() != null && failure(replica).message().contains("Cannot read"));
		this.replicas.plane.faults().clear();
		replica.manager().rotate();
		this.replicas.awaitSuccessor(before);
		assertThat(this.replicas.creates()).isOne();
	}

	@Test
	void secretIsDeletedWhileARequestIsPending() {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		CertificatePair before = this.replicas.settle();
		this.replicas.approveNothing();
		both.get(0).manager().rotate();
		this.replicas.awaitPending();
		this.replicas.plane.secrets().delete("shop", "shop-tls");
		await().atMost(Replicas.PATIENCE).until(this.replicas::isPending);
		this.replicas.approve();
		this.replicas.awaitSuccessor(before);
		assertThat(this.replicas.creates()).isOne();
	}

	@Test
	void requestsThatAreDeletedAtOnceAreAFailureWithAPause() {
		Replica replica = this.replicas.start();
		CertificatePair before = this.replicas.settle();
		this.replicas.approveNothing();
		CompletableFuture<CertificatePair> rotation = replica.manager().rotate();
		await().until(() -> {
			this.replicas.plane.openCertificateSigningRequests().forEach(this.replicas.plane::delete);
			return rotation.isDone();
		});
		assertThat(failure(replica).reason()).isEqualTo("Gone");
		assertThat(failure(replica).nextAttempt()).isAfter(failure(replica).at());
		assertThat(this.replicas.creates()).isEqualTo(2);
		this.replicas.approve();
		replica.manager().rotate();
		this.replicas.awaitSuccessor(before);
		assertThat(this.replicas.creates()).isEqualTo(3);
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void deletionThatFailsIsRepeatedAfterTheNextRotationOnly(CapturedOutput output) {
		this.replicas.plane.faults().next(Integer.MAX_VALUE, RecordedRequest::isDelete).answer(500);
		this.replicas.plane.certManager().issuer("shop", "internal");
		Replica replica = this.replicas.start("signer-name=", "issuer.name=internal");
		await().until(() -> output.getOut().contains("could not be deleted"));
		assertThat(this.replicas.plane.count(RecordedRequest::isDelete)).isOne();
		this.replicas.clock.set(Duration.ofSeconds(40));
		for (int review = 0; review < 5; review++) {
			replica.manager().awaitedFor(Duration.ofSeconds(1));
		}
		assertThat(replica.manager().rotate()).succeedsWithin(Replicas.PATIENCE);
		await().until(() -> this.replicas.plane.count(RecordedRequest::isDelete) >= 3);
		assertThat(this.replicas.plane.count(RecordedRequest::isDelete)).isEqualTo(3);
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
		this.replicas.settle();
		second.manager().rotate();
		CertificatePair next = this.replicas.awaitSuccessor(pair);
		second.stop();
		Replica back = this.replicas.start("store.type=file", "store.secret=", files);
		assertThat(back.pair()).isEqualTo(next);
		assertThat(this.replicas.creates()).isOne();
	}

	private static CertificateStatus.Failure failure(Replica replica) {
		return Objects.requireNonNull(replica.status().lastFailure(), "no failure");
	}

}
