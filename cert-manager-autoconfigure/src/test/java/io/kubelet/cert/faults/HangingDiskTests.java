package io.kubelet.cert.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.faults.FaultyDisk.Operation;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A disk that hangs while it is forced to write, as one on a network does.
 *
 * @see io.kubelet.cert.rotation.internal.SerialExecutor
 */
class HangingDiskTests extends ManagerFixture {

	@TempDir
	Path directory;

	private final FaultyDisk disk = new FaultyDisk();

	/** Time passes in the step. */
	@Test
	void oldPairServesWhileTheDiskHangsAndTheNewOneOnceItIsSafe() {
		CertificateManager manager = start(builder().store(store(this.disk.on(this.directory))));
		CertificatePair old = manager.current().orElseThrow();
		List<CertificateStatus> hanging = new ArrayList<>();
		this.disk.fail((index) -> {
			if (this.disk.operations().get(index) == Operation.SYNC) {
				pass(Duration.ofSeconds(90));
				hanging.add(manager.status());
				assertThat(store(this.directory).current()).contains(old);
			}
			return false;
		});
		assertThat(rotate(manager)).isCompleted();
		assertThat(hanging).as("the request and the pair")
			.hasSize(2)
			.allSatisfy((status) -> assertThat(status.pair()).isEqualTo(old));
		assertThat(hanging.get(1).health().stuckSince()).isNotNull();
		assertThat(manager.status().health().stuckSince()).isNull();
		assertThat(manager.current()).isNotEqualTo(old).isEqualTo(store(this.directory).current());
	}

	private TestStore store(Path directory) {
		return TestStore.files(directory, "one", null, 5, this.time);
	}

}
