package io.kubelet.cert.replicas;

import java.nio.file.Path;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.replicas.Replicas.Replica;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

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

}
