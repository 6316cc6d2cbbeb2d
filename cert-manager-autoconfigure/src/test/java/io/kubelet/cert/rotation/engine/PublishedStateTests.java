package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Readers on another thread, while pairs are replaced: all that they see is of one state,
 * and no older pair follows a newer one.
 *
 * @see Journal
 * @see Rotation
 * @see StatusReport
 */
class PublishedStateTests extends ManagerFixture {

	private static final int ROTATIONS = 100;

	private final ExecutorService reader = Executors.newSingleThreadExecutor();

	private final AtomicBoolean over = new AtomicBoolean();

	/** How many the reader has seen. */
	private final AtomicInteger pairs = new AtomicInteger();

	@AfterEach
	void end() {
		this.reader.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void noReaderSeesAnOlderPairAfterANewerOne(boolean statusFirst) {
		CertificateManager manager = start();
		CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> read(manager, statusFirst), this.reader);
		int rotations = 0;
		// The reader may begin late
		while (rotations < ROTATIONS || this.pairs.get() < 2 && !reading.isDone()) {
			pass(ofSeconds(1));
			rotate(manager);
			rotations++;
		}
		this.over.set(true);
		assertThat(reading).succeedsWithin(60, TimeUnit.SECONDS);
		assertThat(this.pairs).hasValueGreaterThan(1);
		assertThat(manager.status().rotations().count()).isEqualTo(rotations + 1);
	}

	/** Pairs are issued a second after each other. */
	private void read(CertificateManager manager, boolean statusFirst) {
		Instant latest = Instant.MIN;
		while (!this.over.get()) {
			for (int i = 0; i < 2; i++) {
				CertificatePair pair = ((i == 0) == statusFirst) ? fromStatus(manager)
						: manager.current().orElseThrow();
				assertThat(pair.notBefore()).isAfterOrEqualTo(latest);
				if (pair.notBefore().isAfter(latest)) {
					this.pairs.incrementAndGet();
				}
				latest = pair.notBefore();
			}
		}
	}

	private static CertificatePair fromStatus(CertificateManager manager) {
		CertificateStatus status = manager.status();
		CertificatePair pair = Objects.requireNonNull(status.pair());
		assertThat(status.rotations().history().get(0).serialNumber()).isEqualTo(pair.serialNumber());
		assertThat(status.rotations().last()).isEqualTo(pair.notBefore());
		return pair;
	}

}
