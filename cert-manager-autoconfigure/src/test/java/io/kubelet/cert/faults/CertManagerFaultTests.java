package io.kubelet.cert.faults;

import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.CertManager;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with an issuer of cert-manager when something goes wrong: the
 * rotation happens nevertheless, and no CertificateRequest is left behind.
 */
@ExtendWith(OutputCaptureExtension.class)
class CertManagerFaultTests {

	@AutoClose
	private final RotatingProgram program = new RotatingProgram();

	private static final String REQUESTS = "/apis/cert-manager.io/v1/namespaces/shop/certificaterequests";

	private static final CertificateTemplate SHOP = CertificateTemplate.ofSubject("shop")
		.withDnsNames(List.of("shop.shop.svc"));

	@BeforeEach
	void useCertManager() {
		this.program.useCertManager();
	}

	private CertManager certManager() {
		return this.program.controlPlane.certManager();
	}

	@Test
	void requestWhoseCertificateHadExpiredBeforeItWasReadIsDeleted() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start((builder) -> builder.requestedLifetime(Duration.ofHours(1)));
		await().until(() -> certManager().pendingCertificateRequests().size() == 1);
		this.program.stop();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> certManager().pendingCertificateRequests().isEmpty());
		this.program.clock.set(Duration.ofHours(2));
		this.program.restart((builder) -> builder.requestedLifetime(Duration.ofHours(1)));
		this.program.awaitRotation();
		assertThat(this.program.creates()).isEqualTo(3);
		awaitNothingLeft();
	}

	@Test
	void certificateWithoutARequestedNameIsRefusedUntilTheIssuerKeepsIt() {
		this.program.controlPlane.behavior().flaws(SignerFlaw.DROPPED_NAMES);
		this.program.start((builder) -> builder.template(() -> Optional.of(SHOP)));
		CertificateStatus.Failure failure = this.program.awaitFailure("Refused", 1);
		assertThat(failure.message()).contains("DNS names lack [shop.shop.svc]");
		assertThat(Duration.between(failure.at(), failure.nextAttempt())).isGreaterThanOrEqualTo(Duration.ofMinutes(1));
		awaitNothingLeft();
		this.program.controlPlane.behavior().flaws();
		this.program.clock.set(Duration.ofMinutes(2));
		assertThat(SHOP.isSatisfiedBy(this.program.awaitRotation().leaf())).isTrue();
		awaitNothingLeft();
	}

	@Test
	void certificateThatChangesAfterItWasReadIsIgnored() throws Exception {
		this.program.controlPlane.faults().next(1, RecordedRequest::isDelete).answer(403);
		this.program.start();
		CertificatePair pair = this.program.awaitRotation();
		String name = certManager().certificateRequests().get(0);
		JsonObject object = ApiObjects.send(ApiObjects.read(admin(), REQUESTS, name)).get();
		object.getAsJsonObject("status")
			.addProperty("certificate", Base64.getEncoder()
				.encodeToString(Pem.write(this.program.old.chain()).getBytes(StandardCharsets.US_ASCII)));
		ApiObjects.send(ApiObjects.replace(admin(), REQUESTS + "/" + name, "status", object)).get();
		int looks = this.program.looks.get();
		await().until(() -> this.program.looks.get() > looks + 3);
		assertThat(this.program.manager().current()).contains(pair);
		this.program.stop();
		this.program.restart();
		int looksBefore = this.program.looks.get();
		await().until(() -> this.program.looks.get() > looksBefore + 3);
		assertThat(this.program.manager().current()).contains(pair);
		assertThat(this.program.creates()).isOne();
	}

	@Test
	void webhookThatIsDownIsRetriedSoonAndItsMessageShown() {
		this.program.controlPlane.faults().next(3, RecordedRequest::isCreate).answer(500);
		this.program.start();
		CertificateStatus.Failure failure = this.program.awaitFailure("InternalError", 3);
		assertThat(failure.message()).contains("answers 500", "Internal error occurred");
		assertThat(Duration.between(failure.at(), failure.nextAttempt())).isLessThan(Duration.ofSeconds(1));
		this.program.awaitRotation();
		assertThat(this.program.creates()).isEqualTo(4);
		awaitNothingLeft();
	}

	@ParameterizedTest
	@EnumSource
	void serverThatIsRestartedLosesNothing(Step step) {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		switch (step) {
			case BEFORE_CREATION -> this.program.controlPlane.pause();
			case AFTER_CREATION -> this.program.controlPlane.faults().next(1, RecordedRequest::isCreate).cutAfter();
			case AT_DELETION -> this.program.controlPlane.faults().next(1, RecordedRequest::isDelete).cutBefore();
			default -> {
			}
		}
		this.program.start((builder) -> builder.forcedInterval(Duration.ZERO));
		switch (step) {
			case BEFORE_CREATION, AFTER_CREATION -> this.program.awaitFailure("Unreachable", 1);
			case PENDING, ISSUED -> {
				await().until(() -> this.program.controlPlane.openWatches() == 1);
				this.program.controlPlane.pause();
				await().until(() -> Boolean.FALSE.equals(this.program.status().health().serverHealthy()));
			}
			default -> {
			}
		}
		if (step == Step.ISSUED) {
			this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
			await().until(() -> certManager().pendingCertificateRequests().isEmpty());
		}
		this.program.controlPlane.resume();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> this.program.status().rotations().count() == 1);
		assertThat(this.program.controlPlane.requests()
			.stream()
			.filter((request) -> request.isCreate() && request.status() == 201)).hasSizeLessThanOrEqualTo(1);
		if (step == Step.AT_DELETION) {
			// A deletion that failed is made up for by the next one
			assertThat(this.program.manager().rotate()).succeedsWithin(Adapter.PATIENCE);
		}
		awaitNothingLeft();
	}

	@Test
	void requestThatSomebodyReplacedIsReportedAndMadeAgainWithAnotherKey(CapturedOutput output) throws Exception {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start();
		String name = awaitPending();
		JsonObject object = ApiObjects.send(ApiObjects.read(admin(), REQUESTS, name)).get();
		this.program.stop();
		this.program.controlPlane.delete(name);
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateRequest foreign = CertificateRequests.create(name, RotatingProgram.NODE, this.program.signerName,
				List.of(), null, keys);
		object.getAsJsonObject("spec")
			.addProperty("request",
					Base64.getEncoder().encodeToString(foreign.pkcs10().getBytes(StandardCharsets.US_ASCII)));
		object.add("metadata", ApiObjects.object("{\"name\": \"%s\"}".formatted(name)));
		ApiObjects.send(ApiObjects.create(admin(), REQUESTS, object)).get();
		this.program.restart();
		this.program.awaitFailure("AlreadyExists", 1);
		assertThat(output.getOut().lines().filter((line) -> line.contains("has a name that another request has taken")))
			.first()
			.asString()
			.contains("WARN");
		this.program.approve();
		await().untilAsserted(() -> assertThat(certManager().certificateRequests()).as("that of somebody else remains")
			.containsExactly(name));
	}

	private String awaitPending() {
		return await().until(() -> certManager().pendingCertificateRequests(), (pending) -> pending.size() == 1).get(0);
	}

	private ApiClient admin() {
		return Adapter.client(this.program.controlPlane.writeKubeconfig(this.program.directory.resolve("admin"),
				this.program.controlPlane.admin()));
	}

	private void awaitNothingLeft() {
		await().untilAsserted(() -> assertThat(certManager().certificateRequests()).isEmpty());
	}

	/** When the server is restarted. */
	enum Step {

		BEFORE_CREATION, AFTER_CREATION, PENDING, ISSUED, AT_DELETION

	}

}
