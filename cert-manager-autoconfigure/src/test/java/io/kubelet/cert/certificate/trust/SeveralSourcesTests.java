package io.kubelet.cert.certificate.trust;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Trust in more than one source.
 *
 * @see LiveTrust
 * @see LiveSource
 * @see TrustSource
 */
@ExtendWith(OutputCaptureExtension.class)
class SeveralSourcesTests {

	private static final X509Certificate one = new TestAuthority("one").certificate();

	private static final X509Certificate two = new TestAuthority("two").certificate();

	private static final X509Certificate three = new TestAuthority("three").certificate();

	private static final Duration OVERLAP = Duration.ofHours(1);

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final Content file = new Content("the file", false);

	private final Content object = new Content("the object", true);

	private final LiveTrust trust = trust(this.file, this.object);

	@Test
	void allOfThemAreTrustedEachOnce() {
		this.file.set(one, two);
		this.object.set(two, three);
		assertThat(trusted()).containsExactly(one, two, three);
		assertThat(this.trust.sources()).extracting(LiveSource.Status::property, (source) -> source.trust().given())
			.containsExactly(tuple("the file", List.of(one, two)), tuple("the object", List.of(two, three)));
	}

	@Test
	void authorityThatAnotherSourceStillHasIsNotRemoved(CapturedOutput output) {
		this.file.set(one, two);
		this.object.set(two, three);
		trusted();
		this.file.set(one);
		assertThat(this.trust.refresh().given()).containsExactlyInAnyOrder(one, two, three);
		assertThat(this.trust.leaving()).isEmpty();
		assertThat(output).contains(
				"[shop] The certificate authorities in the file have changed: 3 trusted now with those of the other sources\n");
		this.time.pass(OVERLAP.multipliedBy(2));
		assertThat(trusted()).containsExactlyInAnyOrder(one, two, three);
		this.object.set(three);
		assertThat(trusted()).containsExactlyInAnyOrder(one, two, three);
		assertThat(this.trust.leaving()).containsExactly(entry(two, this.time.instant().plus(OVERLAP)));
		assertThat(output).contains("[shop] The certificate authorities in the object have changed: 2 trusted now with "
				+ "those of the other sources, 1 removed and trusted for another 1h\n");
		this.time.pass(OVERLAP);
		assertThat(trusted()).containsExactlyInAnyOrder(one, three);
		assertThat(this.trust.leaving()).isEmpty();
	}

	/** As while it is moved, which takes two steps. */
	@Test
	void authorityThatAppearsInAnotherSourceDuringTheOverlapStays() {
		this.file.set(one, two);
		this.object.set(three);
		trusted();
		this.file.set(one);
		this.trust.refresh();
		this.object.set(two, three);
		trusted();
		this.time.pass(OVERLAP);
		assertThat(trusted()).containsExactlyInAnyOrder(one, two, three);
	}

	@Test
	void sourceThatCannotBeReadKeepsItsAuthoritiesAndTakesNoneOfTheOthers(CapturedOutput output) {
		this.file.set(one);
		this.object.set(two);
		trusted();
		this.file.fail("The volume is away");
		this.object.set(two, three);
		assertThat(this.trust.refresh().given()).containsExactlyInAnyOrder(one, two, three);
		assertThat(output).containsOnlyOnce("The volume is away; the certificate authorities that were read before");
		assertThat(this.trust.sources()).extracting(LiveSource.Status::problem)
			.containsExactly("The volume is away", null);
		this.object.fail("It does not exist any more");
		this.file.set(one, two);
		assertThat(this.trust.refresh().given()).containsExactlyInAnyOrder(one, two, three);
		this.time.pass(OVERLAP);
		assertThat(trusted()).as("nothing was removed").containsExactlyInAnyOrder(one, two, three);
	}

	@Test
	void sourceThatHangsDelaysNeitherTheOthersNorTheEndOfAnOverlap() {
		this.file.set(one);
		this.object.set(two);
		trusted();
		CountDownLatch end = new CountDownLatch(1);
		CountDownLatch hanging = new CountDownLatch(1);
		this.file.version.set(() -> {
			hanging.countDown();
			assertThatCode(end::await).doesNotThrowAnyException();
			return 1;
		});
		CompletableFuture<Trust> look = CompletableFuture.supplyAsync(this.trust::refresh,
				(task) -> new Thread(task).start());
		assertThatCode(hanging::await).doesNotThrowAnyException();
		this.object.set(three);
		assertThat(trusted()).as("a handshake").containsExactlyInAnyOrder(one, two, three);
		assertThat(this.trust.refresh().given()).as("the next look").containsExactlyInAnyOrder(one, two, three);
		this.time.pass(OVERLAP);
		assertThat(trusted()).containsExactlyInAnyOrder(one, three);
		assertThat(look).isNotDone();
		end.countDown();
		assertThat(look).succeedsWithin(Duration.ofMinutes(1));
	}

	/** As of two handshakes after the start. */
	@Test
	void onlyOneThreadReadsAtFirstAndTheOthersWaitForIt() {
		CountDownLatch end = new CountDownLatch(1);
		CountDownLatch hanging = new CountDownLatch(1);
		AtomicInteger readings = new AtomicInteger();
		this.file.version.set(() -> {
			hanging.countDown();
			assertThatCode(end::await).doesNotThrowAnyException();
			return 1;
		});
		this.file.trust = () -> {
			readings.incrementAndGet();
			return Trust.exactly(List.of(one));
		};
		CompletableFuture<Trust> first = CompletableFuture.supplyAsync(this.trust::get,
				(task) -> new Thread(task).start());
		assertThatCode(hanging::await).doesNotThrowAnyException();
		AtomicReference<Thread> waiting = new AtomicReference<>();
		CompletableFuture<Trust> second = CompletableFuture.supplyAsync(this.trust::get, (task) -> {
			waiting.set(new Thread(task));
			waiting.get().start();
		});
		Awaitility.await().until(() -> waiting.get().getState() == Thread.State.WAITING);
		end.countDown();
		for (CompletableFuture<Trust> reading : List.of(first, second)) {
			assertThat(reading).succeedsWithin(Duration.ofMinutes(1)).isEqualTo(Trust.exactly(List.of(one)));
		}
		assertThat(readings).hasValue(1);
	}

	@Test
	void startFailsWithTheReasonOfTheSourceThatIsMissing() {
		this.file.set(one);
		this.object.fail("The object does not exist");
		for (int i = 0; i < 2; i++) {
			assertThatExceptionOfType(IllegalStateException.class).isThrownBy(this.trust::get)
				.withMessage("The object does not exist");
			assertThat(this.trust.sources()).isEmpty();
			assertThat(this.trust.leaving()).isEmpty();
		}
		this.object.set(two);
		assertThat(trusted()).containsExactly(one, two);
	}

	@Test
	void sourceThatMayBeMissingAtFirstAddsItsAuthoritiesLater() {
		LiveTrust trust = trust((problem) -> Trust.exactly(List.of()), this.file, this.object);
		this.file.set(one);
		this.object.fail("not yet");
		assertThat(trust.get().given()).containsExactly(one);
		this.object.set(two);
		assertThat(trust.get().given()).containsExactly(one, two);
		assertThat(trust.leaving()).isEmpty();
	}

	@Test
	void authorityThatWasRemovedFromOneSourceBeforeIsNotLeavingIfAnotherHasIt(CapturedOutput output) {
		this.file.set(one);
		this.object.set(two);
		this.object.removed = Map.of(one, this.time.instant(), three, this.time.instant());
		assertThat(trusted()).containsExactly(one, two, three);
		assertThat(this.trust.leaving()).containsOnlyKeys(three);
		assertThat(output).containsOnlyOnce("was removed from the object before").contains("'CN=three' was removed");
		this.object.set(two, three);
		trusted();
		assertThat(this.trust.leaving()).isEmpty();
		this.time.pass(OVERLAP);
		this.object.set(two);
		trusted();
		assertThat(this.trust.leaving()).containsOnlyKeys(three);
		assertThat(output).containsOnlyOnce("before, and is trusted until");
	}

	/** Later removals are those that this application sees itself. */
	@Test
	void onlyWhatWasRemovedBeforeTheFirstReadingIsAskedOfASource() {
		this.file.set(one);
		trusted();
		this.object.removed = Map.of(three, this.time.instant());
		this.object.set(two);
		assertThat(trusted()).containsExactly(one, two);
	}

	@Test
	void authoritiesOfTheJdkAddToTheOthersAndDoNotStandForThem() {
		LiveTrust trust = trust(this.object, null);
		this.object.set(one);
		int ofJdk = Trust.system().authorities().size();
		assertThat(trust.get()).isEqualTo(Trust.system().and(Trust.exactly(List.of(one))));
		assertThat(trust.get().authorities()).hasSize(ofJdk + 1).contains(one);
		this.object.set(two);
		assertThat(trust.get().given()).containsExactly(two, one);
		this.time.pass(OVERLAP);
		assertThat(trust.get().given()).containsExactly(two);
	}

	@Test
	void onlyFilesAreFollowed() {
		this.file.set(one);
		this.object.set(two);
		trusted();
		List<Runnable> looks = new ArrayList<>();
		AtomicInteger told = new AtomicInteger();
		this.trust.follow((files, look, late, delay) -> {
			looks.add(look);
			return looks::clear;
		}, told::incrementAndGet).run();
		assertThat(looks).isEmpty();
		this.trust.follow((files, look, late, delay) -> {
			looks.add(look);
			return looks::clear;
		}, told::incrementAndGet);
		assertThat(looks).hasSize(1);
		assertThat(this.object.listeners).hasSize(2);
		looks.get(0).run();
		assertThat(this.trust.untilChange()).isEmpty();
		this.file.set(three);
		this.file.version.set(() -> 2);
		assertThat(trusted()).containsExactly(one, two);
		int before = told.get();
		looks.get(0).run();
		assertThat(told).hasValue(before + 1);
		looks.get(0).run();
		assertThat(told).as("nothing has changed").hasValue(before + 1);
		assertThat(trusted()).containsExactly(three, two, one);
		this.time.pass(Duration.ofMinutes(20));
		assertThat(this.trust.untilChange()).contains(Duration.ofMinutes(40));
	}

	@Test
	void fileThatAnotherProgramReplacesHasTheTimeBetweenTwoLooks(CapturedOutput output) {
		this.file.set(one);
		this.object.set(two);
		trusted();
		List<Runnable> looks = new ArrayList<>();
		this.trust.follow((files, look, late, delay) -> {
			looks.add(look);
			return looks::clear;
		}, () -> {
		});
		for (int i = 1; i <= 2; i++) {
			this.file.fail("The file is empty");
			looks.get(0).run();
			this.time.pass(FileChanges.INTERVAL.minusMillis(1));
			looks.get(0).run();
			assertThat(this.trust.sources()).extracting(LiveSource.Status::problem).containsOnlyNulls();
			assertThat(output.toString().lines().filter((line) -> line.contains("may be replacing it"))).hasSize(i);
			assertThat(output).doesNotContain("read before remain trusted");
			if (i == 1) {
				this.file.set(one, three);
				looks.get(0).run();
			}
		}
		this.time.pass(Duration.ofMillis(1));
		looks.get(0).run();
		assertThat(this.trust.sources()).extracting(LiveSource.Status::problem)
			.containsExactly("The file is empty", null);
		assertThat(output)
			.contains("[shop] The file is empty; the certificate authorities that were read before remain");
		assertThat(trusted()).containsExactly(one, three, two);
	}

	@Test
	void sourceWhoseFileSystemDoesNotRespondSaysSoUntilItDoes() {
		this.file.set(one);
		this.object.set(two);
		trusted();
		List<Consumer<Boolean>> lates = new ArrayList<>();
		this.trust.follow((files, look, late, delay) -> {
			lates.add(late);
			return () -> {
			};
		}, () -> {
		});
		lates.get(0).accept(true);
		assertThat(this.trust.sources()).extracting(LiveSource.Status::problem)
			.containsExactly("The file system does not respond: check its server. What was read last remains trusted",
					null);
		lates.get(0).accept(false);
		assertThat(this.trust.sources()).extracting(LiveSource.Status::problem).containsOnlyNulls();
	}

	private List<X509Certificate> trusted() {
		return this.trust.get().given();
	}

	private LiveTrust trust(@Nullable Content... contents) {
		return trust((problem) -> {
			throw problem;
		}, contents);
	}

	/** {@code null} stands for the JDK. */
	private LiveTrust trust(Function<RuntimeException, Trust> unread, @Nullable Content... contents) {
		List<LiveSource> sources = new ArrayList<>();
		for (Content content : contents) {
			sources.add(new LiveSource("[shop] ", (content != null) ? content.name : "trust",
					(content != null) ? content.source() : TrustSource.fixed("the JDK", Trust.system()), unread));
		}
		return new LiveTrust("[shop] ", sources, OVERLAP, this.time);
	}

	/** What a source contains. */
	private static final class Content {

		private final String name;

		private final boolean live;

		private final List<Runnable> listeners = new ArrayList<>();

		private final AtomicReference<Supplier<Object>> version = new AtomicReference<>(Object::new);

		private volatile Supplier<Trust> trust = () -> Trust.exactly(List.of());

		private Map<X509Certificate, Instant> removed = Map.of();

		Content(String name, boolean live) {
			this.name = name;
			this.live = live;
		}

		void set(X509Certificate... authorities) {
			this.trust = () -> Trust.exactly(List.of(authorities));
		}

		void fail(String problem) {
			this.trust = () -> {
				throw new IllegalStateException(problem);
			};
		}

		TrustSource source() {
			return new TrustSource(() -> this.name, () -> this.version.get().get(), () -> this.trust.get(),
					() -> this.removed, this.live ? this.listeners::add : null, List::of, () -> null);
		}

	}

}
