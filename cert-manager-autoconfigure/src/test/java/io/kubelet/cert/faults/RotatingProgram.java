package io.kubelet.cert.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.TestStore;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The engine on a control plane of its own, with retries that are short, and with a
 * stored certificate that is valid for another day but whose deadline has passed.
 */
final class RotatingProgram implements AutoCloseable {

	/** Passes only when a test sets the clock. */
	static final Duration WAIT_TIMEOUT = Duration.ofHours(1);

	private static final IssuerReference ISSUER = new IssuerReference("ClusterIssuer", "internal",
			IssuerReference.CERT_MANAGER);

	/** Every retry comes after 50 ms, without jitter. */
	private static final RetrySchedule RETRY = new RetrySchedule(Duration.ofMillis(50), 1, 0, 5, Duration.ofMillis(50));

	final OffsetClock clock = new OffsetClock();

	final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.builder().clock(this.clock).start();

	/** Of its kubeconfig; deleted at the end. */
	private final Path directory = Adapter.temporaryDirectory();

	/** Where it stores its certificate. */
	final Path pki = this.directory.resolve("pki");

	private final CertificatePair old;

	private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(2);

	private boolean certManager;

	private @Nullable KubernetesSigners signers;

	private @Nullable CertificateManager manager;

	RotatingProgram() {
		Instant now = this.clock.instant();
		ClientCertificate issued = this.controlPlane.issueClientCertificate(now.minus(Duration.ofDays(29)),
				now.plus(Duration.ofDays(1)), "system:node:one", "system:nodes");
		this.old = new CertificatePair(List.of(issued.certificate()), issued.key());
	}

	void useCertManager() {
		this.certManager = true;
		this.controlPlane.certManager().clusterIssuer(ISSUER.name());
		this.controlPlane.allowIn("shop", "system:node:one", Set.of("create", "get", "list", "watch", "delete"),
				"certificaterequests.cert-manager.io");
	}

	TestStore store() {
		return TestStore.files(this.pki, "one", null, 5, this.clock);
	}

	/** Stores the old certificate and starts. */
	void start() {
		store().update(this.old);
		ApiClientProvider clients = new ApiClientProvider(
				this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.addToken("faults",
						"system:node:one", "system:nodes", "system:bootstrappers")),
				null, null, Thread::new, this.clock);
		KubernetesSigners signers = this.certManager
				? KubernetesSigners.ofCertManager(ISSUER, "shop", Map.of(), clients, this.clock)
				: KubernetesSigners.ofKubernetes(clients, this.clock);
		CertificateManager manager = new CertificateManagerBuilder("one").store(store())
			.scheduler(RotationScheduler.of(this.executor))
			.signerName(this.certManager ? ISSUER.toString() : "kubernetes.io/kube-apiserver-client-kubelet")
			.template(CertificateTemplate.ofSubject("system:node:one", "system:nodes"))
			.idleCheck(Duration.ofMillis(100))
			.retry(RETRY)
			.waitTimeout(WAIT_TIMEOUT)
			.random(() -> 0.5)
			.clock(this.clock)
			.signers(signers::signer)
			.build();
		this.signers = signers;
		this.manager = manager;
		manager.start();
	}

	/** Starts, and waits for a request that nobody approves. */
	void startPending() {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		start();
		await().until(() -> this.controlPlane.openWatches() == 1);
	}

	CertificatePair approve() {
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		return awaitRotation();
	}

	CertificateManager manager() {
		return Objects.requireNonNull(this.manager);
	}

	CertificateStatus status() {
		return manager().status();
	}

	/**
	 * Waits for an attempt to fail, and checks that the old certificate stays in use.
	 */
	CertificateStatus.Failure awaitFailure(String reason, int attempt) {
		await().until(() -> {
			CertificateStatus.Failure failure = status().lastFailure();
			return failure != null && failure.reason().equals(reason) && failure.attempt() >= attempt;
		});
		assertOldServes();
		return Objects.requireNonNull(status().lastFailure());
	}

	void assertOldServes() {
		assertThat(manager().current()).contains(this.old);
		assertThat(status().state()).isEqualTo(CertificateStatus.State.OVERDUE);
		assertThat(status().rotations().count()).isZero();
	}

	/** Waits for the rotation, and checks that nothing of the fault is left. */
	CertificatePair awaitRotation() {
		await().until(() -> status().rotations().count() == 1);
		CertificatePair pair = manager().current().orElseThrow();
		assertThat(pair).isNotEqualTo(this.old);
		assertThat(status().state()).isEqualTo(CertificateStatus.State.VALID);
		assertThat(status().lastFailure()).isNull();
		assertThat(status().pendingRequest()).isNull();
		assertThat(status().health().serverHealthy()).isTrue();
		return pair;
	}

	int creates() {
		return this.controlPlane.count(RecordedRequest::isCreate);
	}

	String figures() {
		return "%d POST, %d objects".formatted(creates(), this.controlPlane.certificateSigningRequests().size());
	}

	@Override
	public void close() {
		if (this.manager != null) {
			this.manager.stop();
		}
		if (this.signers != null) {
			this.signers.close();
		}
		this.executor.shutdownNow();
		this.controlPlane.close();
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

}
