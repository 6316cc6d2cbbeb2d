package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.testsupport.OwnLog;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.system.CapturedOutput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The switch of the link to the current pair.
 *
 * @see StoredPairs
 * @see PairFiles
 */
class CurrentLinkTests extends StoreFixture {

	private static final int UPDATES = 60;

	@Test
	void twoUpdatesInOneSecondGetTwoFiles() throws IOException {
		TestStore store = store();
		store.update(pair());
		store.update(pair());
		CertificatePair third = pair();
		store.update(third);
		assertThat(new PairFiles(this.directory, "kubelet-client").dated()).as("the newest first")
			.containsExactly(file("-2026-01-01-00-00-00.2.pem"), file("-2026-01-01-00-00-00.1.pem"),
					file("-2026-01-01-00-00-00.pem"));
		assertThat(store().current()).contains(third);
	}

	/** Two processes switch it, and leave nothing else behind. */
	@Test
	void thereIsNoMomentWithoutAWholeCurrentPair() {
		List<CertificatePair> pairs = List.of(pair(), pair());
		List<String> expected = pairs.stream().map(Pem::write).toList();
		store().update(pairs.get(0));
		CompletableFuture<Void> switched = runAtTheSameTime(Collections.nCopies(2, () -> {
			TestStore store = store();
			for (int update = 0; update < UPDATES; update++) {
				this.time.pass(Duration.ofMillis(250));
				store.update(pairs.get(update % 2));
			}
		}));
		while (!switched.isDone()) {
			assertThat(current()).content().isIn(expected);
		}
		switched.join();
		assertThat(this.directory).isDirectoryNotContaining((file) -> file.getFileName().toString().startsWith("."));
	}

	@Test
	void processesThatCleanUpAtTheSameTimeReportNothing(CapturedOutput output) throws IOException {
		update();
		for (int number = 1; number <= UPDATES; number++) {
			Files.writeString(this.directory.resolve("kubelet-client-2025-01-01-00-00-00." + number + ".pem"), "");
		}
		runAtTheSameTime(Collections.nCopies(4, () -> new PairFiles(this.directory, "kubelet-client").removeOld(1)))
			.join();
		assertThat(OwnLog.lines(output, "WARN")).isEmpty();
		assertThat(this.directory.toFile().list()).hasSize(3);
	}

	@Override
	TestStore store() {
		return TestStore.files(this.directory, "kubelet-client", null, 2 * UPDATES, this.time);
	}

}
