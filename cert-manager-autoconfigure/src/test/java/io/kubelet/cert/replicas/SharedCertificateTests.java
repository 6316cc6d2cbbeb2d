package io.kubelet.cert.replicas;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;

import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubelet.cert.testsupport.ShopFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas that share a certificate: whatever goes wrong with the objects in
 * the API server, in the end all have the same valid certificate, which no foreign issuer
 * has issued, and no replica sends a second request. The simulation kills replicas, cuts
 * them off and denies requests.
 *
 * @see io.kubelet.cert.kubernetes.internal.secret.SecretStore
 * @see io.kubelet.cert.kubernetes.internal.secret.PairCopy
 */
@ExtendWith(OutputCaptureExtension.class)
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
		storeForeign();
		await().until(() -> own.equals(stored()));
		assertThat(pair(replica)).isEqualTo(own).isEqualTo(copy());
		assertThat(creates()).isZero();
	}

	/** As by {@code kubectl apply} of the manifest. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void secretThatIsDeletedOrEmptiedIsStoredAgainByOneReplica(boolean deleted) {
		start();
		ConfigurableApplicationContext replica = start();
		CertificatePair own = settle();
		if (deleted) {
			this.plane.secrets().delete("shop", "shop-tls");
		}
		else {
			this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "", "tls.key", ""));
		}
		await().until(() -> secret().getOrDefault("tls.crt", "").equals(Pem.write(own.chain())));
		assertThat(pair(replica)).isEqualTo(own);
		// A request is counted once it is answered
		await().until(() -> writes() > 0);
		assertThat(writes()).isOne();
	}

	/** As Terraform, with the next apply of a resource whose data it ignores. */
	@Test
	void secretThatLosesItsLabelIsMarkedAgainByOneReplica() throws Exception {
		start();
		start();
		CertificatePair own = settle();
		ShopAccount.editSecret(this.plane, this.directory, "terraform", ShopAccount::removeMarks);
		await().until(() -> writes() > 1);
		assertThat(pair(start())).isEqualTo(own);
		assertThat(this.running).allSatisfy((replica) -> assertThat(status(replica).health().storeProblem()).isNull());
		assertThat(writes()).as("that of the program, and that of a replica").isEqualTo(2);
		ShopAccount.editSecret(this.plane, this.directory, "nobody", (secret) -> assertThat(secret.toString())
			.contains("\"cert.kubelet.io/certificate\":\"shop\"", "cert.kubelet.io/rotation-deadline"));
	}

	/** As a controller that applies its own labels each time. */
	@Test
	void programThatRemovesTheLabelEachTimeIsReportedAsChangingTheSecret() throws Exception {
		ConfigurableApplicationContext replica = start();
		settle();
		for (int i = 1; i <= 3; i++) {
			int writes = 2 * i;
			ShopAccount.editSecret(this.plane, this.directory, "controller", ShopAccount::removeMarks);
			await().until(() -> writes() == writes);
			this.clock.set(Duration.ofMinutes(5));
		}
		await().untilAsserted(() -> assertThat(status(replica).health().storeProblem())
			.startsWith("Another program keeps changing Secret shop/shop-tls.")
			.contains("what it changes or removes is stored again after pauses of up to an hour", "labels"));
	}

	private int writes() {
		return this.plane.count((request) -> !request.method().equals("GET") && request.status() < 300);
	}

	/** As cert-manager, for a Certificate with other names that has this Secret. */
	@Test
	void programThatPutsBackItsPairEachTimeIsNamed(CapturedOutput output) {
		for (int i = 0; i < 3; i++) {
			start();
		}
		CertificatePair own = settle();
		CertificatePair other = new TestAuthority("foreign").pair("other");
		for (int i = 0; i < 3; i++) {
			store(other);
			await().until(() -> own.equals(stored()));
			this.clock.set(Duration.ofMinutes(5));
		}
		await().untilAsserted(() -> assertThat(this.running)
			.allSatisfy((replica) -> assertThat(status(replica).health().storeProblem())
				.startsWith("Another program keeps changing Secret shop/shop-tls.")));
		assertThat(this.running).allSatisfy((replica) -> assertThat(pair(replica)).isEqualTo(own));
		assertThat(creates()).isZero();
		// The log follows the status
		await().untilAsserted(
				() -> assertThat(output.getOut().lines().filter((line) -> line.contains("keeps changing"))).hasSize(3));
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

	private void storeForeign() {
		store(this.foreign);
	}

	private void store(CertificatePair pair) {
		this.plane.secrets()
			.put("shop", "shop-tls", Map.of("tls.crt", Pem.write(pair.chain()), "tls.key", Pem.writePrivateKey(pair)));
	}

	private String authority() throws IOException {
		return "signer-ca-file=" + Files.writeString(this.directory.resolve("ca.pem"), this.plane.caPem());
	}

	/**
	 * As on a full disk. Otherwise a start without the API server would be a surprise.
	 */
	@Test
	void copyThatCannotBeWrittenIsAWarningInTheHealthUntilItIs() throws IOException {
		this.configuration = ApplicationWithHealth.class;
		ConfigurableApplicationContext replica = start(files());
		CertificatePair first = settle();
		assertThat(warning(replica)).isNull();
		FileSystemUtils.deleteRecursively(pki());
		Files.createFile(pki());
		manager(replica).rotate();
		CertificatePair second = awaitSuccessor(first);
		await().untilAsserted(() -> assertThat(warning(replica)).asString()
			.contains("shop-tls", "but a start without the API server does not find it"));
		Files.delete(pki());
		manager(replica).rotate();
		awaitSuccessor(second);
		await().until(() -> warning(replica) == null);
	}

	private static @Nullable Object warning(ConfigurableApplicationContext replica) {
		HealthIndicator shop = (HealthIndicator) Objects
			.requireNonNull(replica.getBean(CompositeHealthContributor.class).getContributor("shop"));
		return Objects.requireNonNull(shop.health()).getDetails().get("warning");
	}

	private CertificatePair copy() throws IOException {
		return Pem.readPair(Files.readString(pki().resolve("shop-current.pem")));
	}

	@Configuration(proxyBeanMethods = false)
	@Import(Application.class)
	@ImportAutoConfiguration(CertificateActuatorAutoConfiguration.class)
	static class ApplicationWithHealth {

	}

}
