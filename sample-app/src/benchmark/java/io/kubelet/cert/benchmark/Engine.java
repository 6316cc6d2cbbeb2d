package io.kubelet.cert.benchmark;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.rotation.engine.RotatingCertificateManager;
import io.kubelet.cert.rotation.engine.RotationSettings;
import io.kubelet.cert.rotation.engine.RotationSettings.Request;
import io.kubelet.cert.rotation.engine.RotationSettings.Schedule;
import io.kubelet.cert.rotation.engine.SharedResources;
import io.kubelet.cert.store.FileCertificateStore;

/**
 * The engine as the auto-configuration sets it up: one scheduler with two threads, one
 * source of signers, and a file store for each certificate.
 */
final class Engine implements AutoCloseable {

	/** Approved and signed by every cluster without a person. */
	static final Signer SIGNER = new Signer.Named("kubernetes.io/kube-apiserver-client-kubelet");

	static final String ORGANIZATION = "system:nodes";

	private static final int RETAIN = 5;

	private static final Clock CLOCK = Clock.systemDefaultZone();

	private static final Schedule SCHEDULE = new Schedule(false, false, RotationWindow.KUBELET, false,
			Schedule.KUBELET.waitTimeout(), Duration.ZERO, RetrySchedule.KUBELET);

	private final ScheduledThreadPoolExecutor executor;

	private final RotationScheduler scheduler;

	private final Executor threads = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS,
			new SynchronousQueue<>(), daemons("certificate-listener-"));

	private final SharedResources resources;

	private final KubernetesSigners signers;

	private final SignerSource source;

	private final CertificateManagers managers;

	/**
	 * Create an engine. Nothing is started yet.
	 * @param kubeconfig the kubeconfig of the cluster
	 * @param directory the directory of the pair files
	 * @param certificates the number of certificates
	 * @param supplied whether the templates come from suppliers
	 */
	Engine(Path kubeconfig, Path directory, int certificates, boolean supplied) {
		this.executor = new ScheduledThreadPoolExecutor(2, daemons("certificate-rotation-"));
		this.executor.setRemoveOnCancelPolicy(true);
		this.scheduler = RotationScheduler.of(this.executor);
		this.resources = new SharedResources(this.scheduler, this.threads, KeyPairSource.jdk(), CLOCK);
		this.signers = KubernetesSigners.ofKubernetes(new ApiClientProvider(new KubeconfigSource(kubeconfig, null),
				null, null, daemons("kubernetes-"), (files, look, late, delay) -> () -> {
				}, CLOCK), CLOCK);
		this.source = this.signers::signer;
		this.managers = new CertificateManagers(
				IntStream.range(0, certificates).mapToObj((number) -> manager(directory, number, supplied)).toList());
	}

	private CertificateManager manager(Path directory, int number, boolean supplied) {
		String name = name(number);
		CertificateTemplate template = template(number);
		RotationSettings settings = new RotationSettings(name, Request.of(SIGNER), SCHEDULE, RequestNaming.BY_KEY,
				IssuedCertificateCheck.ofAnyAuthority(), new FileCertificateStore(directory, name, null, RETAIN, CLOCK),
				this.source, this.resources);
		return supplied ? new RotatingCertificateManager(settings, null, () -> Optional.of(template), null)
				: new RotatingCertificateManager(settings, template, null, null);
	}

	static String name(int number) {
		return "certificate-" + number;
	}

	static CertificateTemplate template(int number) {
		return CertificateTemplate.ofSubject(commonName(number), ORGANIZATION);
	}

	static String commonName(int number) {
		return "system:node:benchmark-" + number;
	}

	CertificateManagers managers() {
		return this.managers;
	}

	CertificateManager first() {
		return this.managers.get(name(0));
	}

	private static ThreadFactory daemons(String prefix) {
		AtomicInteger number = new AtomicInteger();
		return (task) -> {
			Thread thread = new Thread(task, prefix + number.incrementAndGet());
			thread.setDaemon(true);
			return thread;
		};
	}

	@Override
	public void close() {
		this.managers.stop();
		this.signers.close();
		this.executor.shutdownNow();
	}

}
