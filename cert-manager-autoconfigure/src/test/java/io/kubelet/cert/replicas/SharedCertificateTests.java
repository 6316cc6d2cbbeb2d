package io.kubelet.cert.replicas;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.replicas.Replicas.Replica;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas whose certificate is in a Secret, when nothing goes wrong.
 */
class SharedCertificateTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@SuppressWarnings("NullAway.Init")
	private Replicas replicas;

	@BeforeEach
	void create() {
		this.replicas = new Replicas(this.directory);
	}

	@AfterEach
	void close() {
		this.replicas.close();
	}

	@Test
	void oneReplicaStoresItsCertificateInTheSecret() {
		Replica replica = this.replicas.start();
		assertThat(this.replicas.awaitAgreement()).isEqualTo(replica.pair());
		assertThat(this.replicas.creates()).isOne();
	}

	@Test
	void laterReplicaUsesTheCertificateWithoutARequest() {
		Replica first = this.replicas.start();
		this.replicas.approveNothing();
		assertThat(this.replicas.start().pair()).isEqualTo(first.pair());
		assertThat(this.replicas.creates()).isOne();
	}

	@Test
	void rotationOfOneReplicaIsThatOfAll() {
		List<Replica> both = List.of(this.replicas.start(), this.replicas.start());
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		assertThat(both.get(0).manager().rotate()).succeedsWithin(Replicas.PATIENCE);
		this.replicas.awaitSuccessor(before);
		assertThat(this.replicas.creates()).isOne();
		Figures.report("one rotation of two replicas", this.replicas.figures());
	}

	@Test
	void copyLetsAReplicaStartWithoutTheApiServer() {
		String copy = "cert-dir=" + this.directory.resolve("pki");
		Replica first = this.replicas.start(copy);
		CertificatePair pair = first.pair();
		first.stop();
		this.replicas.plane.pause();
		assertThat(this.replicas.start(copy).pair()).isEqualTo(pair);
	}

	@Test
	void issuersAuthorityIsInTheSecret() {
		this.replicas.plane.certManager().issuer("shop", "internal");
		Replica first = this.replicas.start("signer-name=", "issuer.name=internal");
		Replica second = this.replicas.start("signer-name=", "issuer.name=internal");
		CertificatePair before = this.replicas.awaitAgreement();
		assertThat(this.replicas.secret()).containsEntry("ca.crt",
				this.replicas.plane.certManager().caPem("shop", "internal"));
		assertThat(second.pair().authorities()).isEqualTo(first.pair().authorities()).hasSize(1);
		this.replicas.plane.clearRequests();
		second.manager().rotate();
		this.replicas.awaitSuccessor(before);
		await().atMost(Replicas.PATIENCE)
			.until(() -> this.replicas.plane.certManager().certificateRequests().isEmpty());
		assertThat(this.replicas.creates()).isOne();
		Figures.report("one rotation of two replicas with cert-manager", this.replicas.figures());
	}

	@Test
	void deadlineIsShared() {
		List<Replica> all = this.replicas.startTogether(3);
		this.replicas.awaitAgreement();
		Instant first = deadline(all.get(0));
		assertThat(all).allSatisfy((replica) -> assertThat(Duration.between(first, deadline(replica)).abs())
			.isLessThanOrEqualTo(Duration.ofSeconds(5)));
	}

	private static Instant deadline(Replica replica) {
		return Objects.requireNonNull(replica.status().schedule().deadline(), "rotation is off");
	}

	@Test
	void replicasRotateOnceAtTheDeadline() {
		this.replicas.plane.behavior().validity(Duration.ZERO, Duration.ofSeconds(25));
		this.replicas.startTogether(3);
		CertificatePair before = this.replicas.awaitAgreement();
		this.replicas.plane.clearRequests();
		this.replicas.plane.behavior().validity(Duration.ZERO, Duration.ofHours(1));
		this.replicas.awaitSuccessor(before);
		await().during(Duration.ofSeconds(2)).until(() -> this.replicas.creates() == 1);
		Figures.report("one rotation of three replicas at the deadline", this.replicas.figures());
	}

}
