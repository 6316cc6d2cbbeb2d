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
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A current pair that cannot be read.
 */
@ExtendWith(OutputCaptureExtension.class)
class DamagedCurrentTests extends StoreFixture {

	private static final int ROUNDS = 20;

	@ParameterizedTest(name = "{0}")
	@MethodSource("damages")
	void newestGoodPairTakesThePlaceOfADamagedOne(String name, UnaryOperator<String> damage, CapturedOutput output)
			throws IOException {
		update();
		CertificatePair good = update();
		Path goodFile = current().toRealPath();
		update();
		damage(damage);
		update();
		Path damaged = damage(damage);
		assertThat(store().current()).contains(good);
		assertThat(store().current()).contains(good);
		assertThat(output)
			.containsOnlyOnce("It is kept as " + aside(damaged) + ", and the older pair " + goodFile + " is used");
		assertThat(output.getOut().lines().filter((line) -> line.contains("ERROR")))
			.allMatch((line) -> line.contains("[kubelet-client] "));
		assertThat(aside(damaged)).exists();
	}

	@Test
	void processesThatFindTheDamageAtTheSameTimeUseTheSamePair() throws Exception {
		for (int round = 0; round < ROUNDS; round++) {
			update();
			CertificatePair good = update();
			update();
			damage((text) -> "");
			CyclicBarrier start = new CyclicBarrier(4);
			List<CertificatePair> found = new CopyOnWriteArrayList<>();
			runAtTheSameTime(Collections.nCopies(4, () -> {
				TestStore store = store();
				assertThatCode(start::await).doesNotThrowAnyException();
				store.current().ifPresent(found::add);
			}));
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
		Path damaged = damage((text) -> "");
		TestStore store = store();
		assertThat(store.current()).isEmpty();
		CertificatePair next = update();
		assertThat(store.current()).contains(next);
		assertThat(aside(damaged)).exists();
	}

	static Stream<Arguments> damages() {
		UnaryOperator<String> truncated = (text) -> text.substring(0, text.length() / 2);
		UnaryOperator<String> empty = (text) -> "";
		UnaryOperator<String> garbage = (text) -> "\u00ff\u0000 no PEM at all";
		UnaryOperator<String> keyless = (text) -> text.substring(0, text.indexOf("-----BEGIN EC"));
		// No key store could hold it, and Go does not accept it either
		UnaryOperator<String> reversed = (text) -> Pem.write(List.of(new TestAuthority("first").certificate())) + text;
		return Stream.of(arguments("truncated", truncated), arguments("empty", empty), arguments("garbage", garbage),
				arguments("without its key", keyless), arguments("leaf not first", reversed));
	}

	@Test
	void damageThatComesWhileTheProcessRunsIsReportedAndLeftToItsWriter() throws IOException {
		CertificatePair pair = update();
		TestStore store = store();
		assertThat(store.current()).contains(pair);
		Path damaged = damage((text) -> "");
		assertThatExceptionOfType(StoreException.class).isThrownBy(store::current)
			.withMessageStartingWith("The pair in %s is damaged: ", current());
		assertThat(damaged).exists();
	}

	@Test
	void ofTheDamagedPairsTheLastIsKept() throws IOException {
		Path foreign = Files.writeString(this.directory.resolve("kubelet-client-other.pem.damaged"), "");
		update();
		Path last = null;
		for (int damages = 0; damages < 3; damages++) {
			update();
			last = aside(damage((text) -> "damaged"));
			Files.setLastModifiedTime(current(), FileTime.from(this.time.instant()));
			store().current();
		}
		CertificatePair next = update();
		assertThat(store().current()).contains(next);
		assertThat(files(".*\\.damaged")).containsExactlyInAnyOrder(foreign, last);
	}

	@Test
	void damagedCurrentThatWasAFileIsRemovedInItsTurn() throws IOException {
		Path current = Files.writeString(current(), "damaged");
		Files.setLastModifiedTime(current, FileTime.from(this.time.instant()));
		assertThat(store().current()).isEmpty();
		update();
		assertThat(files(".*\\.damaged")).containsExactly(aside(current));
		Path last = aside(damage((text) -> "damaged"));
		assertThat(store().current()).isEmpty();
		update();
		assertThat(files(".*\\.damaged")).containsExactly(last);
	}

	@Test
	void linkToAFileOutsideTheDirectoryIsReplacedAndItsTargetLeftAlone(@TempDir Path outside) throws IOException {
		assertForeignTargetIsLeftAlone(outside.resolve("important.conf"));
	}

	@Test
	void linkToTheFileOfAnotherPairIsReplacedAndItsTargetLeftAlone() throws IOException {
		assertForeignTargetIsLeftAlone(this.directory.resolve("other-2026-01-01-00-00-00.pem"));
	}

	@Test
	void linkOutsideTheDirectoryIsReplacedAlsoWithoutAnOlderPair(@TempDir Path outside) throws IOException {
		Path foreign = Files.writeString(outside.resolve("important.conf"), "important");
		Files.createSymbolicLink(current(), foreign);
		assertThat(store().current()).isEmpty();
		assertThat(aside(current())).isSymbolicLink();
		assertThat(store().current()).isEmpty();
		CertificatePair next = update();
		assertThat(store().current()).contains(next);
		assertThat(foreign).hasContent("important");
	}

	private void assertForeignTargetIsLeftAlone(Path foreign) throws IOException {
		Files.writeString(foreign, "important");
		CertificatePair good = update();
		Files.delete(current());
		Files.createSymbolicLink(current(), foreign);
		for (int start = 0; start < 2; start++) {
			assertThat(store().current()).contains(good);
		}
		assertThat(foreign).hasContent("important");
		assertThat(aside(foreign)).doesNotExist();
		assertThat(aside(current())).isSymbolicLink();
	}

	private Path damage(UnaryOperator<String> damage) throws IOException {
		Path file = current().toRealPath();
		return Files.writeString(file, damage.apply(Files.readString(file)));
	}

}
