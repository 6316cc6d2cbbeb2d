package io.kubelet.cert.faults;

import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.ApiClientProvider;
import io.kubelet.cert.kubernetes.signing.KubernetesSigners;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Behavior;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with approvers and signers that are slow, unwilling or wrong.
 */
class SignerFaultTests extends RotatingProgramTest {

	@Test
	void requestThatASlowApproverLeavesIsResumedNotRepeated() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		for (int attempt = 1; attempt <= 3; attempt++) {
			int resumptions = attempt - 1;
			await().until(() -> this.program.status().pendingRequest() != null
					&& this.program.controlPlane.count(RecordedRequest::isGet) == resumptions);
			this.program.clock.set(RotatingProgram.WAIT_TIMEOUT);
			this.program.awaitFailure("TimedOut", attempt);
		}
		List<String> names = this.program.controlPlane.certificateSigningRequests();
		assertThat(names).hasSize(1);
		assertThat(this.program.status().pendingRequest()).extracting(ConfirmedRequest::name).isEqualTo(names.get(0));
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		assertThat(this.program.creates()).isOne();
		assertThat(this.program.objects()).isOne();
		Figures.report("slow approver, resumed after 3 timeouts", this.program.figures());
	}

	@Test
	void requestIsResumedAfterARestart() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		this.program.stop();
		this.program.start(this.program.store(this.directory), (builder) -> builder);
		this.program.assertOldServes();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		assertThat(this.program.creates()).as("the second one is answered with 409").isEqualTo(2);
		assertThat(this.program.objects()).isOne();
		Figures.report("restart while waiting", this.program.figures());
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void answerThatWouldBeTheSameAgainIsNotAskedForAtOnce(String what, Consumer<Behavior> fault, String reason,
			String message) {
		fault.accept(this.program.controlPlane.behavior());
		this.program.start(this.directory);
		CertificateStatus.Failure failure = this.program.awaitFailure(reason, 1);
		assertThat(failure.message()).contains(message);
		assertThat(failure.needsAttention()).isTrue();
		assertThat(Duration.between(failure.at(), failure.nextAttempt())).isBetween(Duration.ofMinutes(1),
				Duration.ofMinutes(2));
		int looks = this.program.looks.get();
		await().until(() -> this.program.looks.get() > looks + 2);
		assertThat(this.program.creates()).isOne();
		this.program.controlPlane.behavior().reset();
		this.program.clock.set(Duration.ofMinutes(3));
		this.program.awaitRotation();
		this.program.assertFigures(what, "2 POST, 2 watch, 0 GET, 0 list, 2 objects");
	}

	static Stream<Arguments> answerThatWouldBeTheSameAgainIsNotAskedForAtOnce() {
		return Stream.of(
				fault("denied", (behavior) -> behavior.approval(ApprovalPolicy.denying("Policy", "not on a Friday")),
						"Policy", "not on a Friday"),
				fault("another key", (behavior) -> behavior.flaws(SignerFlaw.ANOTHER_KEY), "Refused",
						"another public key"),
				fault("another subject", (behavior) -> behavior.flaws(SignerFlaw.ANOTHER_SUBJECT), "Refused",
						"common name is"),
				fault("garbage", (behavior) -> behavior.flaws(SignerFlaw.GARBAGE), "Refused", ""),
				fault("expired", Behavior::alreadyExpired, "Refused", "it expired"),
				fault("not yet valid", Behavior::notYetValid, "Refused", "it is not valid before"));
	}

	private static Arguments fault(String what, Consumer<Behavior> fault, String reason, String message) {
		return Arguments.of(what, fault, reason, message);
	}

	@Test
	void droppedNamesAreRefused() {
		CertificateTemplate template = CertificateTemplate.ofSubject("web").withDnsNames(List.of("web.example.com"));
		this.program.controlPlane.behavior().sign("example.com/demo").flaws(SignerFlaw.DROPPED_NAMES);
		start((builder) -> builder.signerName("example.com/demo").template(() -> Optional.of(template)));
		CertificateStatus.Failure failure = this.program.awaitFailure("Refused", 1);
		assertThat(failure.message()).contains("DNS names lack [web.example.com]");
		this.program.controlPlane.behavior().flaws();
		this.program.clock.set(Duration.ofMinutes(3));
		this.program.awaitRotation();
		this.program.assertFigures("dropped names", "2 POST, 2 watch, 0 GET, 0 list, 2 objects");
	}

	@Test
	void signerThatFailsIsAskedAgainLater() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		awaitOpen();
		this.program.controlPlane.fail(name(), "SignerValidationFailure", "the signer is out of order");
		CertificateStatus.Failure failure = this.program.awaitFailure("SignerValidationFailure", 1);
		assertThat(failure.message()).contains("the signer is out of order");
		assertThat(this.program.status().pendingRequest()).isNull();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.clock.set(Duration.ofMinutes(3));
		this.program.awaitRotation();
		this.program.assertFigures("signer failure", "2 POST, 2 watch, 0 GET, 0 list, 2 objects");
	}

	@Test
	void requestIsDeletedWhileItIsWaitedFor() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		awaitOpen();
		String deleted = name();
		this.program.controlPlane.delete(deleted);
		await().until(() -> this.program.creates() == 2);
		this.program.assertOldServes();
		assertThat(name()).isNotEqualTo(deleted);
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		assertThat(this.program.creates()).isEqualTo(2);
		assertThat(this.program.objects()).isOne();
		Figures.report("deleted while waited for", this.program.figures());
	}

	@Test
	void nameIsTakenByAnotherObject() {
		KeyPair first = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		takeName(first);
		KeyPairSource keys = new KeyPairSource() {

			private boolean used;

			@Override
			public KeyPair generate(KeySpecification specification) {
				boolean again = this.used;
				this.used = true;
				return again ? KeyPairSource.jdk().generate(specification) : first;
			}

		};
		start((builder) -> builder.keys(keys));
		CertificatePair pair = this.program.awaitRotation();
		assertThat(pair.leaf().getPublicKey()).isNotEqualTo(first.getPublic());
		this.program.assertFigures("name taken", "2 POST, 1 watch, 1 GET, 0 list, 2 objects");
	}

	/** Another program makes an object of the name that our first key leads to. */
	private void takeName(KeyPair first) {
		CertificateTemplate other = CertificateTemplate.ofSubject("system:node:other", "system:nodes");
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		String name = RequestNaming.BY_KEY.name(first.getPublic(), other, List.of());
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		KubernetesSigners signers = KubernetesSigners
			.ofKubernetes(new ApiClientProvider(this.program.controlPlane.writeKubeconfig(this.kubeconfigs), null, null,
					Thread::new, Clock.systemUTC()), Clock.systemUTC());
		CompletableFuture<?> answer = signers.signer(null)
			.request(
					CertificateRequests.create(name, other, RotatingProgram.SIGNER,
							Usage.defaults(RotatingProgram.SIGNER, other, keys.getPublic()), null, keys),
					(submitted) -> {
					});
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		this.program.controlPlane.deny(name, "Other", "not ours");
		assertThat(answer).failsWithin(Adapter.PATIENCE);
		await().until(() -> this.program.creates() == 1);
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.controlPlane.clearRequests();
	}

	private void start(UnaryOperator<CertificateManagerBuilder> settings) {
		TestStore store = this.program.store(this.directory);
		store.update(this.program.old);
		this.program.start(store, settings);
	}

	private void awaitOpen() {
		await().until(() -> this.program.controlPlane.openWatches() == 1);
	}

	private String name() {
		return this.program.controlPlane.certificateSigningRequests().get(0);
	}

}
