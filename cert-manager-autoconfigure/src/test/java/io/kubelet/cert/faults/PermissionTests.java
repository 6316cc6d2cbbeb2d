package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.test.ApprovalPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for a directory whose permissions change while it is used, in a process whose
 * user is bound by them. Root is not, unless it drops two capabilities.
 */
@DisabledOnOs(OS.WINDOWS)
class PermissionTests {

	@Test
	void permissionsThatChangeDelayARotationAndLoseNothing() throws Exception {
		List<String> command = new ArrayList<>();
		if (System.getProperty("user.name").equals("root")) {
			assumeThat(Path.of("/usr/bin/setpriv")).exists();
			command.addAll(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
		}
		command.addAll(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1",
						"-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), Program.class.getName()));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
		assertThat(output).containsOnlyOnce("; the last valid pair stays in use");
	}

	/** What runs in that process. */
	record Program(RotatingProgram program, Path pki) {

		public static void main(String[] arguments) throws IOException {
			try (RotatingProgram program = new RotatingProgram()) {
				new Program(program, program.pki).run();
			}
		}

		private void run() throws IOException {
			this.program.startPending();
			mode(this.pki, "r-x------");
			this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
			CertificateStatus.Failure failure = this.program.awaitFailure("Store", 2);
			assertThat(failure.message()).contains(this.pki + ": " + AccessDeniedException.class.getName(),
					"Make the directory writable");
			mode(this.pki, "rwx------");
			CertificatePair pair = this.program.awaitRotation();
			assertThat(this.program.creates()).isOne();
			Path file = this.pki.resolve("one-current.pem").toRealPath();
			assertNotRead(this.pki, pair);
			assertNotRead(file, pair);
			assertThat(this.program.store().current()).contains(pair);
			assertThat(this.pki.resolve("one-current.pem").toRealPath()).isEqualTo(file);
		}

		/** A process that runs keeps the pair, and one that starts says what it lacks. */
		private void assertNotRead(Path forbidden, CertificatePair pair) throws IOException {
			String before = PosixFilePermissions.toString(Files.getPosixFilePermissions(forbidden));
			mode(forbidden, "---------");
			await().during(Duration.ofMillis(300))
				.until(() -> this.program.manager().current().equals(Optional.of(pair)));
			assertThatExceptionOfType(StoreException.class).isThrownBy(() -> this.program.store().current())
				.withMessageContaining("Cannot read the pair in " + this.pki)
				.withMessageContaining(AccessDeniedException.class.getName());
			mode(forbidden, before);
		}

		private static void mode(Path file, String mode) throws IOException {
			Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
		}

	}

}
