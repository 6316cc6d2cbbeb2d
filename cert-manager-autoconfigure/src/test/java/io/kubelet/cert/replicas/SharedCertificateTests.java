package io.kubelet.cert.replicas;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.testsupport.ShopFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas that share a certificate: whatever goes wrong with the objects in
 * the API server, in the end all have the same valid certificate, which no foreign issuer
 * has issued, and no replica sends a second request. The simulation kills replicas, cuts
 * them off and denies requests.
 */
class SharedCertificateTests extends ShopFixture {

	private final CertificatePair foreign = new TestAuthority("foreign").pair("shop", "shop.shop.svc");

	@Test
	void replicasThatStartAtTheSameMomentShareCertificateDeadlineAndRotations() {
		startTogether(8);
		CertificatePair before = awaitAgreement();
		assertOneObject();
		Instant deadline = status(this.running.get(0)).schedule().deadline();
		assertThat(this.running).allSatisfy((replica) -> assertThat(status(replica).schedule().deadline())
			.isCloseTo(deadline, within(5, ChronoUnit.SECONDS)));
		this.plane.clearRequests();
		assertThat(manager(this.running.get(7)).rotate()).succeedsWithin(PATIENCE);
		awaitSuccessor(before);
		assertOneObject();
	}

	/** Where the machine is busy, a replica may try to create the same object again. */
	private void assertOneObject() {
		assertThat(this.plane.count((request) -> request.isCreate() && request.status() == 201)).isOne();
	}

	@Test
	void secretIsDeletedWhileARequestIsPending() {
		ConfigurableApplicationContext replica = start();
		ConfigurableApplicationContext other = start();
		CertificatePair before = settle();
		this.plane.behavior().approval(ApprovalPolicy.manual());
		manager(replica).rotate();
		await().until(() -> isPending() && status(other).pendingRequest() != null);
		this.plane.secrets().delete("shop", "shop-tls");
		await().until(this::isPending);
		this.plane.behavior().approval(ApprovalPolicy.approving());
		awaitSuccessor(before);
		assertThat(creates()).isOne();
	}

	@Test
	void rollingUpdateFromFilesToASecretAndBack() {
		ConfigurableApplicationContext first = startWithFiles();
		CertificatePair pair = pair(first);
		this.running.remove(first);
		ConfigurableApplicationContext second = start(files());
		assertThat(pair(second)).isEqualTo(pair);
		first.close();
		assertThat(pair(start())).isEqualTo(pair);
		settle();
		manager(second).rotate();
		CertificatePair next = awaitSuccessor(pair);
		stop(second);
		assertThat(pair(startWithFiles())).isEqualTo(next);
		assertThat(creates()).isOne();
	}

	@Test
	void storedPairOfAForeignIssuerIsReplacedAndNeverUsed() throws IOException {
		ConfigurableApplicationContext replica = start(authority(), files());
		CertificatePair own = settle();
		this.plane.behavior().approval(ApprovalPolicy.manual());
		storeForeign();
		awaitPending();
		assertThat(stored()).isEqualTo(this.foreign);
		assertThat(pair(replica)).isEqualTo(own).isEqualTo(copy());
		this.plane.behavior().approval(ApprovalPolicy.approving());
		assertThat(awaitSuccessor(this.foreign)).isEqualTo(copy());
		assertThat(creates()).isOne();
	}

	@Test
	void copiedPairOfAForeignIssuerIsNotUsedWithoutTheServer() throws IOException {
		stop(start(files()));
		storeForeign();
		stop(start(files()));
		assertThat(copy()).isEqualTo(this.foreign);
		this.plane.pause();
		assertThat(status(start(authority(), files(), "startup.mode=background")).pair()).isNull();
		this.plane.resume();
		awaitAgreement();
	}

	private void awaitPending() {
		await().until(() -> isPending() && !this.plane.openCertificateSigningRequests().isEmpty());
	}

	private void storeForeign() {
		this.plane.secrets()
			.put("shop", "shop-tls",
					Map.of("tls.crt", Pem.write(this.foreign.chain()), "tls.key", Pem.writePrivateKey(this.foreign)));
	}

	private String authority() throws IOException {
		return "signer-ca-file=" + Files.writeString(this.directory.resolve("ca.pem"), this.plane.caPem());
	}

	private CertificatePair copy() throws IOException {
		return Pem.readPair(Files.readString(pki().resolve("shop-current.pem")));
	}

}
