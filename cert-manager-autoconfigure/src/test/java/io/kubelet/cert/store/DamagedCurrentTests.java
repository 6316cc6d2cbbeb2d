package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A current pair that cannot be read.
 *
 * @see StoredPairs
 */
class DamagedCurrentTests extends StoreFixture {

	@Test
	void newestGoodPairTakesThePlaceOfADamagedOne(CapturedOutput output) throws IOException {
		update();
		CertificatePair good = update();
		Path goodFile = current().toRealPath();
		update();
		damage();
		update();
		damage();
		Path unreadable = this.directory.resolve("kubelet-client-2098-01-01-00-00-00.pem");
		Files.createSymbolicLink(unreadable, unreadable);
		Files.createSymbolicLink(this.directory.resolve("kubelet-client-2099-01-01-00-00-00.pem"), Path.of("gone"));
		assertThat(store().current()).contains(good);
		assertThat(store().current()).contains(good);
		assertThat(output).containsOnlyOnce(
				"[kubelet-client] The pair in %s is damaged: There must be exactly one private key, but there are 0. It is kept as %s"
					.formatted(current(), aside(current())))
			.containsOnlyOnce("[kubelet-client] The older pair " + unreadable + " cannot be used: ")
			.containsOnlyOnce("[kubelet-client] The older pair " + goodFile + " is used");
		assertThat(aside(current())).exists();
	}

	@Test
	void damagedPairAloneIsSetAsideAndCountsAsNone() throws IOException {
		update();
		damage();
		TestStore store = store();
		assertThat(store.current()).isEmpty();
		CertificatePair next = update();
		assertThat(store.current()).contains(next);
		assertThat(aside(current())).exists();
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
	void linkToAForeignFileIsReplacedAndItsTargetLeftAlone(@TempDir Path outside) throws IOException {
		Path foreign = outside.resolve("kubelet-client-2026-01-01-00-00-00.pem");
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
