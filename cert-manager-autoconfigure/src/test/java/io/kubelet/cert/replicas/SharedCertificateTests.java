package io.kubelet.cert.replicas;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.replicas.Replicas.Replica;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas whose certificate is in a Secret, when nothing goes wrong.
 */
class SharedCertificateTests {

	@AutoClose
	private final Replicas replicas = new Replicas();

	@Test
	void replicasThatStartAtTheSameMomentShareCertificateDeadlineAndRotations() throws Exception {
		this.replicas.startTogether(8);
		CertificatePair before = this.replicas.awaitAgreement();
		assertOneObject();
		Instant deadline = this.replicas.running.get(0).status().schedule().deadline();
		assertThat(this.replicas.running).allSatisfy((replica) -> assertThat(replica.status().schedule().deadline())
			.isCloseTo(deadline, within(5, ChronoUnit.SECONDS)));
		this.replicas.plane.clearRequests();
		assertThat(this.replicas.running.get(7).manager().rotate()).succeedsWithin(Replicas.PATIENCE);
		this.replicas.awaitSuccessor(before);
		assertOneObject();
	}

	/** Where the machine is busy, a replica may try to create the same object again. */
	private void assertOneObject() {
		assertThat(this.replicas.plane.count((request) -> request.isCreate() && request.status() == 201)).isOne();
	}

	@Test
	void issuersAuthorityIsInTheSecret() {
		this.replicas.plane.certManager().issuer("shop", "internal");
		Replica first = this.replicas.start("signer-name=", "issuer.name=internal");
		Replica second = this.replicas.start("signer-name=", "issuer.name=internal");
		CertificatePair before = this.replicas.settle();
		assertThat(this.replicas.secret()).containsEntry("ca.crt",
				this.replicas.plane.certManager().caPem("shop", "internal"));
		assertThat(second.pair().authorities()).isEqualTo(first.pair().authorities()).hasSize(1);
		second.manager().rotate();
		this.replicas.awaitSuccessor(before);
		await().atMost(Replicas.PATIENCE)
			.until(() -> this.replicas.plane.certManager().certificateRequests().isEmpty());
		assertThat(this.replicas.creates()).isOne();
	}

}
