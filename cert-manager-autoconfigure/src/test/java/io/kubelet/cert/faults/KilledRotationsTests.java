package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.CertManager;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubelet.cert.testsupport.TestStore;
import io.kubelet.cert.testsupport.Adapter;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Kills processes that rotate with an issuer of cert-manager, while a request is pending
 * and at random moments. Each is followed by another one on the same directory. Then two
 * share one. {@code -Drotation.kills=200} kills more of them.
 *
 * @see io.kubelet.cert.store.StoredPairs
 */
class KilledRotationsTests {

	private static final int KILLS = Integer.getInteger("rotation.kills", 3);

	private static final int ROTATIONS = 20;

	/** Some rotations of a process that has rotated before. */
	private static final int WARM_MILLIS = 100;

	/** The first rotation of a process, which may be that of the one before. */
	private static final int COLD_MILLIS = 1000;

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final CertManager certManager = this.plane.certManager().clusterIssuer("internal");

	private final Random random = new Random(42);

	@TempDir
	Path directory;

	@Test
	void nothingIsLostOrLeftBehindAfterManyKills() throws Exception {
		for (int kills = 0; kills < KILLS; kills++) {
			Process child = start(1_000_000);
			boolean whilePending = kills % 3 == 0;
			boolean cold = kills % 3 == 1;
			if (!cold) {
				awaitLine(child, "rotated");
			}
			if (whilePending) {
				this.plane.behavior().approval(ApprovalPolicy.manual());
				Awaitility.await().until(() -> this.certManager.pendingCertificateRequests().size() == 1);
			}
			else {
				new CountDownLatch(1).await(this.random.nextInt(cold ? COLD_MILLIS : WARM_MILLIS),
						TimeUnit.MILLISECONDS);
			}
			child.destroyForcibly().waitFor();
			assertThat(this.certManager.pendingCertificateRequests()).hasSizeLessThanOrEqualTo(1);
			assertThat(this.certManager.certificateRequests()).hasSizeLessThanOrEqualTo(1);
			Stored stored = TestStore.files(pki(), "shop", null, 5, Clock.systemUTC()).read();
			assertThat(stored.pair()).isNotNull();
			assertThat(stored.pending() != null || !whilePending).isTrue();
			this.plane.behavior().approval(ApprovalPolicy.approving());
		}
		Process last = start(1);
		awaitLine(last, "rotated");
		Awaitility.await().until(() -> this.certManager.certificateRequests().isEmpty());
		last.getOutputStream().close();
		assertThat(last.waitFor()).isZero();
		assertThat(serialNumbers()).hasSize(requests());
	}

	/**
	 * Each sends its own requests, and the directory contains the pair of the last one.
	 */
	@Test
	void twoProcessesThatShareADirectoryLoseNothing() throws Exception {
		List<Process> children = List.of(start(ROTATIONS), start(ROTATIONS));
		for (Process child : children) {
			for (int rotation = 0; rotation < ROTATIONS; rotation++) {
				awaitLine(child, "rotated");
			}
		}
		Awaitility.await().until(() -> this.certManager.certificateRequests().isEmpty());
		// Removed from the store once the object is deleted
		Awaitility.await().untilAsserted(() -> assertThat(stored().pending()).isNull());
		assertThat(serialNumbers()).contains(Objects.requireNonNull(stored().pair()).serialNumber());
		assertThat(pki()).isDirectoryNotContaining("glob:**/{.*,*.damaged}");
		for (Process child : children) {
			child.getOutputStream().close();
			assertThat(child.waitFor()).isZero();
		}
	}

	private Stored stored() {
		return TestStore.files(pki(), "shop", null, 5, Clock.systemUTC()).read();
	}

	private Process start(int rotations) throws IOException {
		Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-Xlog:disable", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp",
				System.getProperty("java.class.path"), Child.class.getName(), pki().toString(),
				ShopAccount.writeKubeconfig(this.plane, this.directory).toString(), String.valueOf(rotations))
			.redirectError(ProcessBuilder.Redirect.DISCARD)
			.start();
		awaitLine(child, "rotating");
		return child;
	}

	private static void awaitLine(Process child, String line) throws IOException {
		assertThat(child.inputReader().readLine()).isEqualTo(line);
	}

	private Path pki() {
		return this.directory.resolve("pki");
	}

	/** The requests that were created; a creation that is repeated has the same name. */
	private int requests() {
		return (int) this.plane.requests()
			.stream()
			.filter(RecordedRequest::isDelete)
			.map(RecordedRequest::path)
			.distinct()
			.count();
	}

	/** A process that is killed while it writes a pair leaves a part of its file. */
	private Set<String> serialNumbers() throws IOException {
		Set<String> serialNumbers = new HashSet<>();
		try (Stream<Path> files = Files.list(pki())) {
			for (Path file : files.filter((path) -> path.getFileName().toString().matches("shop-2.*\\.pem")).toList()) {
				String text = Files.readString(file);
				if (text.contains("PRIVATE KEY") && text.endsWith("-----\n")) {
					serialNumbers.add(Pem.readPair(text).serialNumber());
				}
			}
		}
		return serialNumbers;
	}

	/** A process that rotates without a pause until it is killed, or once. */
	static final class Child {

		/**
		 * Run it: it says when it begins and when it has rotated, and ends with its
		 * input. It removes no pair, so that every one can be counted.
		 * @param args the store's directory, a kubeconfig, and the number of rotations
		 */
		public static void main(String[] args) throws Exception {
			((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
			Clock clock = Clock.systemUTC();
			Signer.Issuer issuer = new Signer.Issuer("ClusterIssuer", "internal", Signer.Issuer.CERT_MANAGER);
			KubernetesSigners signers = KubernetesSigners.ofCertManager("shop", Map.of(),
					new ApiClientProvider(new KubeconfigSource(Path.of(args[1]), null), null, null, Thread::new,
							Adapter.NOT_FOLLOWED, clock),
					clock);
			CertificateManager manager = new CertificateManagerBuilder("shop")
				.store(new FileCertificateStore(Path.of(args[0]), "shop", null, 100_000, clock))
				.scheduler(RotationScheduler.of(Executors.newScheduledThreadPool(2)))
				.signerName(issuer.toString())
				.template(CertificateTemplate.ofSubject("shop"))
				.forcedInterval(Duration.ZERO)
				.signers(signers::signer)
				.build();
			manager.start();
			System.out.println("rotating");
			for (int left = Integer.parseInt(args[2]); left > 0; left--) {
				// Other rotations follow each other after hours, not during a deletion
				while (Files.exists(Path.of(args[0], "shop-request.pem"))) {
					Thread.onSpinWait();
				}
				manager.rotate().get(1, TimeUnit.MINUTES);
				System.out.println("rotated");
			}
			System.in.read();
			System.exit(0);
		}

	}

}
