package io.kubelet.cert.store;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A current pair that cannot be read.
 */
@ExtendWith(OutputCaptureExtension.class)
class DamagedCurrentTests extends StoreFixture {

	private static final int ROUNDS = 20;

	@Test
	void newestGoodPairTakesThePlaceOfADamagedOne(CapturedOutput output) throws IOException {
		update();
		CertificatePair good = update();
		Path goodFile = current().toRealPath();
		update();
		damage();
		update();
		Path damaged = damage();
		assertThat(store().current()).contains(good);
		assertThat(store().current()).contains(good);
		assertThat(output).containsOnlyOnce(("[kubelet-client] The pair in %s is damaged: There must be exactly one "
				+ "private key, but there are 0. It is kept as %s, and the older pair %s is used")
			.formatted(current(), aside(damaged), goodFile));
		assertThat(aside(damaged)).exists();
	}

	@Test
	void processesThatFindTheDamageAtTheSameTimeUseTheSamePair() throws Exception {
		for (int round = 0; round < ROUNDS; round++) {
			update();
			CertificatePair good = update();
			update();
			damage();
			CyclicBarrier start = new CyclicBarrier(4);
			List<CertificatePair> found = new CopyOnWriteArrayList<>();
			runAtTheSameTime(Collections.nCopies(4, () -> {
				TestStore store = store();
				assertThatCode(start::await).doesNotThrowAnyException();
				store.current().ifPresent(found::add);
			})).join();
			assertThat(found).as("round %d", round).hasSize(4).containsOnly(good);
			assertThat(store().current()).contains(good);
			for (File file : this.directory.toFile().listFiles()) {
				Files.delete(file.toPath());
			}
		}
	}

	@Test
	void damagedPairAloneIsSetAsideAndCountsAsNone() throws IOException {
		update();
		Path damaged = damage();
		TestStore store = store();
		assertThat(store.current()).isEmpty();
		CertificatePair next = update();
		assertThat(store.current()).contains(next);
		assertThat(aside(damaged)).exists();
	}

	@Test
	void damageThatComesWhileTheProcessRunsIsReportedAndLeftToItsWriter() throws IOException {
		CertificatePair pair = update();
		TestStore store = store();
		assertThat(store.current()).contains(pair);
		Path damaged = damage();
		assertThatExceptionOfType(StoreException.class).isThrownBy(store::current)
			.withMessageStartingWith("The pair in %s is damaged: ", current());
		assertThat(damaged).exists();
	}

	@Test
	void ofTheDamagedFilesTheLastIsKept() throws IOException {
		Path foreign = Files.writeString(this.directory.resolve("kubelet-client-other.pem.damaged"), "");
		Files.writeString(current(), "as another program left it");
		for (int damages = 0; damages < 3; damages++) {
			Path damaged = damage();
			Files.setLastModifiedTime(damaged, FileTime.from(this.time.instant()));
			assertThat(store().current()).isEmpty();
			CertificatePair next = update();
			assertThat(store().current()).contains(next);
			assertThat(files(".*\\.damaged")).containsExactlyInAnyOrder(foreign, aside(damaged));
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void linkToAForeignFileIsReplacedAndItsTargetLeftAlone(boolean namedAsOurs, @TempDir Path outside)
			throws IOException {
		Path foreign = namedAsOurs ? outside.resolve("kubelet-client-2026-01-01-00-00-00.pem")
				: this.directory.resolve("other-2026-01-01-00-00-00.pem");
		Files.writeString(foreign, "important");
		Files.createSymbolicLink(current(), foreign);
		assertThat(store().current()).as("there is no older pair").isEmpty();
		CertificatePair older = update();
		Files.delete(current());
		Files.createSymbolicLink(current(), foreign);
		for (int start = 0; start < 2; start++) {
			assertThat(store().current()).contains(older);
			assertThat(aside(current())).isSymbolicLink();
		}
		assertThat(foreign).hasContent("important");
	}

	private Path damage() throws IOException {
		return Files.writeString(current().toRealPath(), "");
	}

}
