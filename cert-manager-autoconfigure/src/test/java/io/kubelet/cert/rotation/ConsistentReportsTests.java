package io.kubelet.cert.rotation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a manager reports at one moment. SSL bundles present the pair of the status.
 */
class ConsistentReportsTests extends ManagerFixture {

	private final AtomicReference<@Nullable CertificateManager> manager = new AtomicReference<>();

	private final List<String> contradictions = new ArrayList<>();

	private int looks;

	/** A random number is drawn for the deadline when the new pair has just come. */
	@Test
	void currentPairIsThatOfTheStatusAtEachMoment() {
		storePair();
		CertificateManager manager = builder().random(this::look).listener(onRotation(this::compare)).build();
		this.manager.set(manager);
		manager.addFollower((name) -> compare(null));
		manager.start();
		for (int i = 0; i < 3; i++) {
			rotate(manager);
		}
		assertThat(this.rotations).hasSize(3);
		assertThat(this.looks).isGreaterThan(8);
		assertThat(this.contradictions).isEmpty();
	}

	private double look() {
		compare(null);
		return 0;
	}

	private void compare(@Nullable CertificatePair announced) {
		CertificateManager manager = this.manager.get();
		if (manager != null) {
			this.looks++;
			CertificatePair current = manager.current().orElse(null);
			CertificatePair status = manager.status().pair();
			if (current != status || (announced != null && announced != current)) {
				this.contradictions.add("current: %s, status: %s, event: %s".formatted(current, status, announced));
			}
		}
	}

}
