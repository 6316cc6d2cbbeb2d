package io.kubelet.cert.store;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
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
		Path goodFile = this.directory.resolve("kubelet-client-current.pem").toRealPath();
		update();
		Path damaged = damage(damage);
		assertThat(store().current()).contains(good);
		assertThat(store().current()).contains(good);
		assertThat(output)
			.containsOnlyOnce("It is kept as " + aside(damaged) + ", and the older pair " + goodFile + " is used");
		assertThat(output.getOut().lines().filter((line) -> line.contains("ERROR")))
			.allMatch((line) -> line.contains("[kubelet-client] "));
		assertThat(damaged).doesNotExist();
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
			List<CompletableFuture<Optional<CertificatePair>>> found = Stream
				.generate(() -> CompletableFuture.supplyAsync(() -> {
					TestStore store = store();
					assertThatCode(start::await).doesNotThrowAnyException();
					return store.current();
				}, (task) -> new Thread(task).start()))
				.limit(4)
				.toList();
			for (CompletableFuture<Optional<CertificatePair>> pair : found) {
				assertThat(pair.get()).as("round %d", round).contains(good);
			}
			assertThat(store().current()).contains(good);
			for (File file : this.directory.toFile().listFiles()) {
				Files.delete(file.toPath());
			}
		}
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("damages")
	void damagedPairAloneIsSetAsideAndCountsAsNone(String name, UnaryOperator<String> damage) throws IOException {
		update();
		Path damaged = damage(damage);
		TestStore store = store();
		assertThat(store.current()).isEmpty();
		assertThat(aside(damaged)).exists();
		CertificatePair next = update();
		assertThat(store.current()).contains(next);
		assertThat(aside(damaged)).exists();
	}

	static Stream<Arguments> damages() {
		UnaryOperator<String> truncated = (text) -> text.substring(0, text.length() / 2);
		UnaryOperator<String> empty = (text) -> "";
		UnaryOperator<String> garbage = (text) -> "\u00ff\u0000 no PEM at all";
		UnaryOperator<String> keyless = (text) -> text.substring(0, text.indexOf("-----BEGIN EC"));
		return Stream.of(arguments("truncated", truncated), arguments("empty", empty), arguments("garbage", garbage),
				arguments("without its key", keyless));
	}

	/** No key store could hold it, and Go does not accept it either. */
	@Test
	void pairWhoseLeafDoesNotComeFirstIsSetAside() throws IOException {
		CertificatePair good = update();
		update();
		Path damaged = damage((text) -> Pem.write(List.of(this.authority.certificate())) + text);
		assertThat(store().current()).contains(good);
		assertThat(aside(damaged)).exists();
	}

	@Test
	void tangledChainAfterTheLeafIsNoDamage() throws IOException {
		CertificatePair pair = update();
		X509Certificate root = this.authority.certificate();
		Path current = damage((text) -> text
				+ Pem.write(List.of(pair.leaf(), new TestAuthority("unrelated").certificate(), root, root)));
		assertThat(store().current()).map(CertificatePair::chain).contains(List.of(pair.leaf(), root));
		assertThat(current).exists();
	}

	@Test
	void damageThatComesWhileTheProcessRunsIsReportedAndLeftToItsWriter() throws IOException {
		CertificatePair pair = update();
		TestStore store = store();
		assertThat(store.current()).contains(pair);
		Path damaged = damage((text) -> "");
		assertThatExceptionOfType(StoreException.class).isThrownBy(store::current)
			.withMessageStartingWith("The pair in %s is damaged: ",
					this.directory.resolve("kubelet-client-current.pem"));
		assertThat(damaged).exists();
	}

	@Test
	void damagedPairIsNotReplacedByOneThatIsDamagedToo() throws IOException {
		CertificatePair good = update();
		update();
		damage((text) -> "");
		update();
		damage((text) -> "");
		assertThat(store().current()).contains(good);
		assertThat(store().current()).contains(good);
	}

	@Test
	void ofTheDamagedPairsTheLastIsKept() throws IOException {
		Path foreign = Files.writeString(this.directory.resolve("kubelet-client-other.pem.damaged"), "");
		update();
		Path last = null;
		for (int damages = 0; damages < 3; damages++) {
			update();
			last = aside(damage((text) -> "damaged"));
			Files.setLastModifiedTime(this.directory.resolve("kubelet-client-current.pem"),
					FileTime.from(this.time.instant()));
			store().current();
		}
		CertificatePair next = update();
		assertThat(store().current()).contains(next);
		assertThat(damagedFiles()).containsExactlyInAnyOrder(foreign, last);
	}

	@Test
	void damagedCurrentThatWasAFileIsRemovedInItsTurn() throws IOException {
		Path current = Files.writeString(this.directory.resolve("kubelet-client-current.pem"), "damaged");
		Files.setLastModifiedTime(current, FileTime.from(this.time.instant()));
		assertThat(store().current()).isEmpty();
		update();
		assertThat(damagedFiles()).containsExactly(aside(current));
		Path last = aside(damage((text) -> "damaged"));
		assertThat(store().current()).isEmpty();
		update();
		assertThat(damagedFiles()).containsExactly(last);
	}

	@Test
	void linkToAFileOutsideTheDirectoryIsReplacedAndItsTargetLeftAlone(@TempDir Path outside) throws IOException {
		Path foreign = Files.writeString(outside.resolve("important.conf"), "important");
		CertificatePair good = update();
		assertForeignTargetIsLeftAlone(foreign, good);
	}

	@Test
	void linkToTheFileOfAnotherPairIsReplacedAndItsTargetLeftAlone() throws IOException {
		Path foreign = Files.writeString(this.directory.resolve("other-2026-01-01-00-00-00.pem"), "important");
		CertificatePair good = update();
		assertForeignTargetIsLeftAlone(foreign, good);
	}

	@Test
	void linkOutsideTheDirectoryIsReplacedAlsoWithoutAnOlderPair(@TempDir Path outside) throws IOException {
		Path foreign = Files.writeString(outside.resolve("important.conf"), "important");
		Path link = Files.createSymbolicLink(this.directory.resolve("kubelet-client-current.pem"), foreign);
		assertThat(store().current()).isEmpty();
		assertThat(link).doesNotExist();
		assertThat(aside(link)).isSymbolicLink();
		assertThat(store().current()).isEmpty();
		CertificatePair next = update();
		assertThat(store().current()).contains(next);
		assertThat(foreign).hasContent("important");
		assertThat(outside).isDirectoryNotContaining("glob:**.damaged");
	}

	private void assertForeignTargetIsLeftAlone(Path foreign, CertificatePair good) throws IOException {
		Path link = this.directory.resolve("kubelet-client-current.pem");
		Files.delete(link);
		Files.createSymbolicLink(link, foreign);
		assertThat(store().current()).contains(good);
		assertThat(foreign).hasContent("important");
		assertThat(foreign.getParent()).isDirectoryNotContaining("glob:**" + foreign.getFileName() + ".damaged");
		assertThat(aside(link)).isSymbolicLink();
	}

	private List<Path> damagedFiles() throws IOException {
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> file.toString().endsWith(".damaged")).toList();
		}
	}

	private CertificatePair update() {
		CertificatePair pair = pair();
		store().update(pair);
		this.time.pass(Duration.ofSeconds(1));
		return pair;
	}

	private Path damage(UnaryOperator<String> damage) throws IOException {
		Path file = this.directory.resolve("kubelet-client-current.pem").toRealPath();
		return Files.writeString(file, damage.apply(Files.readString(file)));
	}

	private static Path aside(Path damaged) {
		return damaged.resolveSibling(damaged.getFileName() + ".damaged");
	}

}
