package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

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

	@AfterEach
	void end() {
		this.reader.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void noReaderSeesAnOlderPairAfterANewerOne(boolean statusFirst) {
		CertificateManager manager = start();
		CompletableFuture<Integer> pairs = CompletableFuture.supplyAsync(() -> read(manager, statusFirst), this.reader);
		for (int i = 0; i < ROTATIONS; i++) {
			pass(ofSeconds(1));
			rotate(manager);
		}
		this.over.set(true);
		assertThat(pairs).succeedsWithin(60, TimeUnit.SECONDS).satisfies((seen) -> assertThat(seen).isGreaterThan(1));
		assertThat(manager.status().rotations().count()).isEqualTo(ROTATIONS + 1);
	}

	/** Pairs are issued a second after each other. */
	private int read(CertificateManager manager, boolean statusFirst) {
		int pairs = 0;
		Instant latest = Instant.MIN;
		while (!this.over.get()) {
			for (int i = 0; i < 2; i++) {
				CertificatePair pair = ((i == 0) == statusFirst) ? fromStatus(manager)
						: manager.current().orElseThrow();
				assertThat(pair.notBefore()).isAfterOrEqualTo(latest);
				pairs += pair.notBefore().isAfter(latest) ? 1 : 0;
				latest = pair.notBefore();
			}
		}
		return pairs;
	}

	private static CertificatePair fromStatus(CertificateManager manager) {
		CertificateStatus status = manager.status();
		CertificatePair pair = Objects.requireNonNull(status.pair());
		assertThat(status.rotations().history().get(0).serialNumber()).isEqualTo(pair.serialNumber());
		assertThat(status.rotations().last()).isEqualTo(pair.notBefore());
		return pair;
	}

}
