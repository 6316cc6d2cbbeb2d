package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static java.time.Duration.ofDays;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * How a manager stops.
 *
 * @see RotatingCertificateManager
 * @see SharedResources
 */
@ExtendWith(OutputCaptureExtension.class)
class StopTests extends ManagerFixture {

	private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(2);

	@AfterEach
	void end() {
		this.executor.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void stopLeavesNothingScheduledAndKeepsTheCertificate(boolean rotates) {
		CertificatePair stored = storePair();
		CertificateManager manager = start(rotates ? builder() : withoutSigner());
		manager.start();
		this.time.settle();
		assertThat(this.time.scheduled()).isOne();
		manager.stop();
		manager.stop();
		this.time.settle();
		assertThat(this.time.scheduled()).isZero();
		pass(ofDays(3));
		assertThat(manager.current()).contains(stored);
		assertThat(this.signer.requests).isEmpty();
		assertThat(manager.rotate()).isCompletedExceptionally();
	}

	@Test
	void stopCancelsWhatIsUnderWayAndKeepsThePendingRequest() {
		this.signer.holds();
		CertificateManager manager = start();
		CompletableFuture<CertificatePair> waiting = rotate(manager);
		manager.stop();
		assertThat(this.signer.answers.get(0)).as("also if the scheduler runs nothing any more").isCancelled();
		assertThat(waiting).isCancelled();
		this.time.settle();
		assertThat(this.store.request).isNotNull();
		assertThat(this.failures).isEmpty();
		assertThat(this.time.scheduled()).isZero();
	}

	/** Otherwise, the next start would send it once more. */
	@Test
	void requestThatWasDeniedIsRemovedIfItsDeletionEndsAfterStop() {
		CompletableFuture<?> removal = new CompletableFuture<>();
		this.signer.removal = removal;
		this.signer.failsWith((request) -> RequestException.denied("csr-1", request.signer(), "Policy", "no"));
		CertificateManager manager = start();
		assertThat(this.signer.discarded).hasSize(1);
		assertThat(this.store.request).isNotNull();
		manager.stop();
		removal.complete(null);
		this.time.settle();
		assertThat(this.store.request).isNull();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void startAfterStopDoesNothing() {
		CertificateManager manager = builder().build();
		manager.stop();
		manager.start();
		this.time.settle();
		assertThat(this.signer.requests).isEmpty();
		assertThat(this.time.scheduled()).isZero();
	}

	/** Also on one that was shut down before. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void managerOnARealSchedulerStops(boolean shutDown) {
		this.executor.setRemoveOnCancelPolicy(true);
		FakeSigner signer = new FakeSigner(this.authority, Clock.systemUTC());
		CertificateManager manager = dynamic().clock(Clock.systemUTC())
			.signers((current) -> signer)
			.scheduler(RotationScheduler.of(this.executor))
			.build();
		assertThat(manager.current()).isEmpty();
		manager.start();
		Awaitility.await().until(() -> manager.current().isPresent());
		if (shutDown) {
			this.executor.shutdownNow();
		}
		manager.stop();
		Awaitility.await().untilAsserted(() -> {
			assertThat(this.executor.getQueue()).isEmpty();
			assertThat(this.executor.getActiveCount()).isZero();
		});
		assertThat(manager.current()).isPresent();
	}

	@Test
	void stopWhileARequestIsBeingMadeCancelsIt() {
		AtomicReference<CertificateManager> stopping = new AtomicReference<>();
		this.signer.holds();
		stopping.set(builder().keys((specification) -> {
			stopping.get().stop();
			return KeyPairSource.jdk().generate(specification);
		}).build());
		stopping.get().start();
		this.time.settle();
		assertThat(this.signer.answers).singleElement().matches(CompletableFuture::isCancelled);
		assertThat(this.failures).isEmpty();
		assertThat(this.time.scheduled()).isZero();
	}

	@Test
	void whatIsSaidOfARequestAfterStopIsIgnored(CapturedOutput output) {
		AtomicReference<Consumer<SubmittedRequest>> late = new AtomicReference<>();
		CertificateManager manager = start(builder().signers((current) -> new CertificateSigner() {

			@Override
			public CompletableFuture<List<X509Certificate>> request(CertificateRequest request,
					Consumer<SubmittedRequest> progress) {
				late.set(progress);
				return new CompletableFuture<>();
			}

		}));
		manager.stop();
		this.time.settle();
		late.get()
			.accept(new SubmittedRequest("csr", "", "uid", this.time.instant(), List.of(), "late news", List.of(), ""));
		this.time.settle();
		assertThat(output).doesNotContain("late news");
		assertThat(manager.status().pendingRequest()).isNull();
	}

}
