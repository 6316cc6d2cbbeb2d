package io.kubelet.cert.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;

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
import io.kubelet.cert.testsupport.Figures;
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

	static final String SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";

	static final CertificateTemplate NODE = CertificateTemplate.ofSubject("system:node:one", "system:nodes");

	/** Passes only when a test sets the clock. */
	static final Duration WAIT_TIMEOUT = Duration.ofHours(1);

	/** Every retry comes after 50 ms, without jitter. */
	static final RetrySchedule RETRY = new RetrySchedule(Duration.ofMillis(50), 1, 0, 5, Duration.ofMillis(50));

	/** The pause between two looks; it is a second by default. */
	private static final Duration LOOK = Duration.ofMillis(100);

	final OffsetClock clock = new OffsetClock();

	final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.builder().clock(this.clock).start();

	/** How often the engine looked whether something is due. */
	final AtomicInteger looks = new AtomicInteger();

	final CertificatePair old;

	/** Of its kubeconfigs; deleted at the end. */
	final Path directory = Adapter.temporaryDirectory();

	/** Where it stores its certificate. */
	final Path pki = this.directory.resolve("pki");

	/** Of Kubernetes unless a test changes it. */
	private Function<ApiClientProvider, KubernetesSigners> signersOf = (clients) -> KubernetesSigners
		.ofKubernetes(clients, this.clock);

	String signerName = SIGNER;

	private final ScheduledExecutorService executor = Executors.newScheduledThreadPool(2, (task) -> {
		Thread thread = new Thread(task, "faults-rotation");
		thread.setDaemon(true);
		return thread;
	});

	private @Nullable KubernetesSigners signers;

	private @Nullable CertificateManager manager;

	RotatingProgram() {
		Instant now = this.clock.instant();
		ClientCertificate issued = this.controlPlane.issueClientCertificate(now.minus(Duration.ofDays(29)),
				now.plus(Duration.ofDays(1)), "system:node:one", "system:nodes");
		this.old = new CertificatePair(List.of(issued.certificate()), issued.key());
	}

	/** Use an issuer of cert-manager. */
	void useCertManager() {
		IssuerReference issuer = new IssuerReference("ClusterIssuer", "internal", IssuerReference.CERT_MANAGER);
		this.signersOf = (clients) -> KubernetesSigners.ofCertManager(issuer, "shop", Map.of(), clients, this.clock);
		this.signerName = issuer.toString();
		this.controlPlane.certManager().clusterIssuer("internal");
		this.controlPlane.allowIn("shop", "system:node:one", Set.of("create", "get", "list", "watch", "delete"),
				"certificaterequests.cert-manager.io");
	}

	TestStore store() {
		return TestStore.files(this.pki, "one", null, 5, this.clock);
	}

	/** Stores the old certificate and starts. */
	void start() {
		start((builder) -> builder);
	}

	void start(UnaryOperator<CertificateManagerBuilder> settings) {
		store().update(this.old);
		restart(settings);
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

	/** Starts with what is stored. */
	void restart() {
		restart((builder) -> builder);
	}

	void restart(UnaryOperator<CertificateManagerBuilder> settings) {
		KubernetesSigners signers = this.signersOf
			.apply(new ApiClientProvider(this.controlPlane.writeKubeconfig(this.directory,
					this.controlPlane.addToken("faults", "system:node:one", "system:nodes", "system:bootstrappers")),
					null, null, (task) -> {
						Thread thread = new Thread(task, "faults-requests");
						thread.setDaemon(true);
						return thread;
					}, this.clock));
		this.signers = signers;
		CertificateManager manager = settings.apply(new CertificateManagerBuilder("one").store(store())
			.scheduler(RotationScheduler.of(this.executor))
			.signerName(this.signerName)
			.template(() -> {
				this.looks.incrementAndGet();
				return Optional.of(NODE);
			})
			.idleCheck(Duration.ofSeconds(1))
			.retry(RETRY)
			.idleCheck(LOOK)
			.waitTimeout(WAIT_TIMEOUT)
			.random(() -> 0.5)
			.clock(this.clock)
			.signers(signers::signer)).build();
		this.manager = manager;
		manager.start();
	}

	/** The process ends, and what it stored stays. */
	void stop() {
		if (this.manager != null) {
			this.manager.stop();
		}
		if (this.signers != null) {
			this.signers.close();
		}
	}

	CertificateManager manager() {
		return Objects.requireNonNull(this.manager);
	}

	CertificateStatus status() {
		return manager().status();
	}

	/**
	 * Wait for an attempt to fail, and see that the status and the old certificate stand.
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

	/** Wait for the rotation, and see that nothing of the fault is left. */
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

	int objects() {
		return this.controlPlane.certificateSigningRequests().size();
	}

	String figures() {
		return "%d POST, %d watch, %d GET, %d list, %d objects".formatted(creates(),
				this.controlPlane.count(RecordedRequest::isWatch), this.controlPlane.count(RecordedRequest::isGet),
				this.controlPlane.count(RecordedRequest::isList), objects());
	}

	/** See what it took, and write it into the report. */
	void assertFigures(String fault, String figures) {
		Figures.report(fault, figures());
		assertThat(figures()).isEqualTo(figures);
	}

	@Override
	public void close() {
		stop();
		this.executor.shutdownNow();
		this.controlPlane.close();
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

}
