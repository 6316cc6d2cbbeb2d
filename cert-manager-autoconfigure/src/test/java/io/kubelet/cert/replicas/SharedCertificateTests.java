package io.kubelet.cert.replicas;

import java.time.temporal.ChronoUnit;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.replicas.Replicas.Replica;
import io.kubelet.cert.testsupport.Figures;
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
	void certificateDeadlineAndRotationsAreThoseOfAllReplicas() {
		Replica first = this.replicas.start();
		this.replicas.approveNothing();
		List<Replica> all = List.of(first, this.replicas.start(), this.replicas.start());
		CertificatePair before = this.replicas.awaitAgreement();
		assertThat(this.replicas.creates()).isOne();
		assertThat(all).allSatisfy((replica) -> assertThat(replica.status().schedule().deadline())
			.isCloseTo(first.status().schedule().deadline(), within(5, ChronoUnit.SECONDS)));
		this.replicas.approve();
		this.replicas.plane.clearRequests();
		assertThat(all.get(1).manager().rotate()).succeedsWithin(Replicas.PATIENCE);
		this.replicas.awaitSuccessor(before);
		assertThat(this.replicas.creates()).isOne();
		Figures.report("one rotation of three replicas", this.replicas.figures());
	}

	@Test
	void copyLetsAReplicaStartWithoutTheApiServer() {
		String copy = "cert-dir=" + this.replicas.directory.resolve("pki");
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

}
