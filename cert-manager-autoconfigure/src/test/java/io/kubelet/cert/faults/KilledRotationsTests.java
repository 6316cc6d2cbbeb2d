package io.kubelet.cert.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.TestStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Kills processes that rotate with an issuer of cert-manager, while a request is pending
 * and at random moments. Each is followed by another one on the same directory.
 * {@code -Drotation.kills=200} kills more of them.
 */
class KilledRotationsTests {

	private static final int KILLS = Integer.getInteger("rotation.kills", 3);

	/** Some rotations of a process that has rotated before. */
	private static final int WARM_MILLIS = 100;

	/** The first rotation of a process, which may be that of the one before. */
	private static final int COLD_MILLIS = 2000;

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final Random random = new Random(42);

	@TempDir
	Path directory;

	@TempDir
	Path files;

	@Test
	void nothingIsLostOrLeftBehindAfterManyKills() throws Exception {
		this.plane.certManager().clusterIssuer("internal");
		this.plane.allowIn("shop", "system:serviceaccount:shop:shop",
				Set.of("create", "get", "list", "watch", "delete"), "certificaterequests.cert-manager.io");
		Path kubeconfig = this.plane.writeKubeconfig(this.files, this.plane.addServiceAccount("shop", "shop"));
		for (int kills = 0; kills < KILLS; kills++) {
			Child child = new Child(kubeconfig, 1_000_000);
			boolean whilePending = kills % 3 == 0;
			boolean cold = kills % 3 == 1;
			if (!cold) {
				child.await("rotated");
			}
			if (whilePending) {
				this.plane.behavior().approval(ApprovalPolicy.manual());
				Awaitility.await().until(() -> this.plane.certManager().pendingCertificateRequests().size() == 1);
			}
			else {
				new CountDownLatch(1).await(this.random.nextInt(cold ? COLD_MILLIS : WARM_MILLIS),
						TimeUnit.MILLISECONDS);
			}
			child.kill();
			assertThat(this.plane.certManager().pendingCertificateRequests()).hasSizeLessThanOrEqualTo(1);
			assertThat(this.plane.certManager().certificateRequests()).hasSizeLessThanOrEqualTo(1);
			Stored stored = TestStore.files(this.directory, "shop", null, 5, Clock.systemUTC()).read();
			assertThat(stored.pair()).isNotNull();
			assertThat(stored.pending() != null || !whilePending).isTrue();
			this.plane.behavior().approval(ApprovalPolicy.approving());
		}
		new Child(kubeconfig, 1).end();
		assertThat(serialNumbers()).hasSize(requests());
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
		try (Stream<Path> files = Files.list(this.directory)) {
			for (Path file : files.filter((path) -> path.getFileName().toString().matches("shop-2.*\\.pem")).toList()) {
				String text = Files.readString(file);
				if (text.contains("PRIVATE KEY") && text.endsWith("-----\n")) {
					serialNumbers.add(Pem.readPair(text).serialNumber());
				}
			}
		}
		return serialNumbers;
	}

	private final class Child {

		private final Process process;

		private final BufferedReader output;

		Child(Path kubeconfig, int rotations) throws IOException {
			this.process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
					"-Xlog:disable", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp",
					System.getProperty("java.class.path"), RotatingChild.class.getName(),
					KilledRotationsTests.this.directory.toString(), kubeconfig.toString(), "internal",
					String.valueOf(rotations))
				.redirectError(ProcessBuilder.Redirect.DISCARD)
				.start();
			this.output = this.process.inputReader();
			await("rotating");
		}

		void await(String line) throws IOException {
			assertThat(this.output.readLine()).isEqualTo(line);
		}

		/** Waits for its rotation, and lets it end by itself. */
		void end() throws IOException {
			await("rotated");
			await("done");
			Awaitility.await()
				.untilAsserted(() -> assertThat(KilledRotationsTests.this.plane.certManager().certificateRequests())
					.isEmpty());
			this.process.getOutputStream().close();
			this.process.onExit().join();
		}

		void kill() {
			this.process.destroyForcibly();
			this.process.onExit().join();
		}

	}

}
