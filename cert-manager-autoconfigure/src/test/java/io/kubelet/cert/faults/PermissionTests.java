package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.testsupport.ShopFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for a directory whose permissions change while it is used, in a process whose
 * user is bound by them. Root is not, unless it drops two capabilities.
 *
 * @see io.kubelet.cert.store.StoredPairs
 */
@DisabledOnOs(OS.WINDOWS)
class PermissionTests {

	@Test
	void permissionsThatChangeDelayARotationAndLoseNothing(@TempDir Path directory) throws Exception {
		List<String> command = new ArrayList<>();
		if (System.getProperty("user.name").equals("root")) {
			assumeThat(Path.of("/usr/bin/setpriv")).exists();
			command.addAll(List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
		}
		command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
				Program.class.getName(), directory.toString()));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
		assertThat(output).containsOnlyOnce("; the last valid pair stays in use");
	}

	/** What runs in that process. */
	static final class Program extends ShopFixture {

		public static void main(String[] arguments) throws IOException {
			Thread.currentThread().setUncaughtExceptionHandler((thread, ex) -> {
				ex.printStackTrace();
				System.exit(1);
			});
			Awaitility.setDefaultTimeout(Duration.ofMinutes(2));
			Program program = new Program();
			program.directory = Path.of(arguments[0]);
			program.permit();
			program.run();
			System.exit(0);
		}

		private void run() throws IOException {
			this.configuration = HastyApplication.class;
			ConfigurableApplicationContext application = startWithFiles("rotation.retry.initial-delay=50ms");
			rotatePending(application);
			mode(pki(), "r-x------");
			this.plane.behavior().approval(ApprovalPolicy.approving());
			await().until(() -> {
				CertificateStatus.Failure failure = status(application).lastFailure();
				return failure != null && failure.attempt() > 1;
			});
			assertThat(status(application).lastFailure()).returns("Store", CertificateStatus.Failure::reason)
				.satisfies((failure) -> assertThat(failure.message())
					.contains(pki() + ": permission denied. Make the directory writable"));
			assertThat(status(application).rotations().count()).isOne();
			mode(pki(), "rwx------");
			await().until(() -> status(application).rotations().count() == 2);
			assertThat(creates()).isEqualTo(2);
			CertificatePair pair = pair(application);
			Path file = pki().resolve("shop-current.pem").toRealPath();
			assertNotRead(application, pki());
			assertNotRead(application, file);
			assertThat(store().current()).contains(pair);
			assertThat(pki().resolve("shop-current.pem").toRealPath()).isEqualTo(file);
			mode(file, "---------");
			assertThatIllegalArgumentException().isThrownBy(() -> TrustSource.file(file).trust().get())
				.withMessageEndingWith(": permission denied");
		}

		/** A process that runs keeps the pair, and one that starts says what it lacks. */
		private void assertNotRead(ConfigurableApplicationContext application, Path forbidden) throws IOException {
			CertificatePair pair = pair(application);
			String before = PosixFilePermissions.toString(Files.getPosixFilePermissions(forbidden));
			mode(forbidden, "---------");
			await().during(Duration.ofMillis(600)).until(() -> pair(application).equals(pair));
			assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store().current())
				.withMessage("Cannot read the pair in " + pki() + ": permission denied");
			mode(forbidden, before);
		}

		private TestStore store() {
			return TestStore.files(pki(), "shop", null, 5, this.clock);
		}

		private static void mode(Path file, String mode) throws IOException {
			Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
		}

	}

}
