package io.kubelet.cert.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Kills processes that rotate with an issuer of cert-manager, at random moments. Each is
 * followed by another one on the same directory. {@code -Drotation.kills=200} kills more
 * of them.
 */
class KilledRotationsTests {

	private static final int KILLS = Integer.getInteger("rotation.kills", 5);

	/** Processes that are started while others work. */
	private static final int AHEAD = 2;

	/** Some rotations of a process that has rotated before. */
	private static final int WARM_MILLIS = 100;

	/** The first rotation of a process, which may be that of the one before. */
	private static final int COLD_MILLIS = 2000;

	private static final String ACCOUNT = "system:serviceaccount:shop:shop";

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
		this.plane.allowIn("shop", ACCOUNT, Set.of("create", "get", "list", "watch", "delete"),
				"certificaterequests.cert-manager.io");
		Path kubeconfig = this.plane.writeKubeconfig(this.files, this.plane.addServiceAccount("shop", "shop"));
		Path classes = this.files.resolve("child.jsa");
		Child first = new Child(kubeconfig, 1, "-XX:ArchiveClassesAtExit=" + classes);
		first.begin();
		first.end();
		int pendingAtKills = 0;
		Deque<Child> children = new ArrayDeque<>();
		try {
			for (int kills = 0; kills < KILLS; kills++) {
				while (children.size() < AHEAD) {
					children.add(new Child(kubeconfig, 1_000_000, "-XX:SharedArchiveFile=" + classes));
				}
				Child child = children.remove();
				child.begin();
				boolean warm = kills % 3 != 0;
				if (warm) {
					child.awaitRotation();
				}
				new CountDownLatch(1).await(this.random.nextInt(warm ? WARM_MILLIS : COLD_MILLIS),
						TimeUnit.MILLISECONDS);
				child.kill();
				assertThat(this.plane.certManager().pendingCertificateRequests()).hasSizeLessThanOrEqualTo(1);
				assertThat(this.plane.certManager().certificateRequests()).hasSizeLessThanOrEqualTo(1);
				Stored stored = TestStore.files(this.directory, "shop", null, 5, Clock.systemUTC()).read();
				assertThat(stored.pair()).isNotNull();
				pendingAtKills += (stored.pending() != null) ? 1 : 0;
			}
		}
		finally {
			children.forEach(Child::kill);
		}
		Child last = new Child(kubeconfig, 1, "-XX:SharedArchiveFile=" + classes);
		last.begin();
		last.end();
		await().untilAsserted(() -> assertThat(this.plane.certManager().certificateRequests()).isEmpty());
		int issued = names().size();
		assertThat(serialNumbers()).hasSize(issued);
		Figures.report("killed in the middle of rotations",
				"%d kills, %d with a pending request, %d rotations, 0 lost".formatted(KILLS, pendingAtKills, issued));
		assertThat(pendingAtKills).isPositive();
	}

	/** The requests that were created; a creation that is repeated has the same name. */
	private Set<String> names() {
		Set<String> names = new HashSet<>();
		this.plane.requests()
			.stream()
			.filter(RecordedRequest::isDelete)
			.forEach((request) -> names.add(request.path()));
		return names;
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

		Child(Path kubeconfig, int rotations, String classes) throws IOException {
			List<String> command = new ArrayList<>(
					List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto", classes,
							"-Xlog:disable", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp",
							System.getProperty("java.class.path"), RotatingChild.class.getName(),
							KilledRotationsTests.this.directory.toString(), kubeconfig.toString(), "internal",
							String.valueOf(rotations)));
			this.process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
			this.output = this.process.inputReader();
		}

		void begin() throws IOException {
			assertThat(this.output.readLine()).isEqualTo("ready");
			proceed();
			assertThat(this.output.readLine()).isEqualTo("rotating");
		}

		private void proceed() throws IOException {
			this.process.getOutputStream().write('\n');
			this.process.getOutputStream().flush();
		}

		void awaitRotation() throws IOException {
			assertThat(this.output.readLine()).isEqualTo("rotated");
		}

		/** Wait for its rotation, and let it end by itself. */
		void end() throws IOException {
			awaitRotation();
			assertThat(this.output.readLine()).isEqualTo("done");
			await().untilAsserted(
					() -> assertThat(KilledRotationsTests.this.plane.certManager().certificateRequests()).isEmpty());
			proceed();
			this.process.onExit().join();
		}

		void kill() {
			this.process.destroyForcibly();
			this.process.onExit().join();
		}

	}

}
