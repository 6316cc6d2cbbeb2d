package io.kubelet.cert.rotation.engine;

import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How listeners are called.
 */
class ListenerTests extends ManagerFixture {

	private final List<String> told = new ArrayList<>();

	@Test
	void listenerThatThrowsStopsNeitherTheOthersNorTheRotation() {
		CertificateManager manager = start(builder().listener(onRotation((current) -> {
			throw new NoClassDefFoundError("a class of another version");
		})).listener(onRotation((current) -> this.told.add("rotated"))));
		rotate(manager);
		assertThat(this.told).containsExactly("rotated", "rotated");
		assertThat(manager.status().rotations().count()).isEqualTo(2);
		assertThat(this.failures).isEmpty();
	}

	@Test
	void listenerSeesTheRotationInTheStatusAndItsEndInNoFutureYet() {
		CertificateManager manager = start();
		manager.addListener(onRotation((current) -> {
			CertificateStatus status = manager.status();
			this.told
				.add("%d, %s, %s".formatted(status.rotations().count(), status.lastFailure(), status.pendingRequest()));
		}));
		manager.rotate().thenRun(() -> this.told.add("future"));
		this.time.settle();
		assertThat(this.told).containsExactly("2, null, null", "future");
	}

	@Test
	void listenerThatRotatesAgainIsNotCalledWithinItself() {
		CertificateManager manager = start();
		manager.addListener(onRotation((current) -> {
			this.told.add("begin");
			if (this.told.size() < 6) {
				manager.rotate();
			}
			this.told.add("end");
		}));
		rotate(manager);
		assertThat(this.told).startsWith("begin", "end", "begin", "end", "begin", "end");
		assertThat(manager.status().rotations().count()).isEqualTo(5);
	}

}
