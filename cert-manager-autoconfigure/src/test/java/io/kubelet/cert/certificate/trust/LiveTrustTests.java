package io.kubelet.cert.certificate.trust;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Exchanger;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.CountingProvider.Operation;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link LiveTrust}.
 *
 * @see LiveTrust
 * @see LiveTrustManager
 */
@ExtendWith(OutputCaptureExtension.class)
class LiveTrustTests {

	private static final Duration OVERLAP = Duration.ofHours(1);

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final TestAuthority oldAuthority = new TestAuthority("old");

	private final TestAuthority newAuthority = new TestAuthority("new");

	@TempDir
	Path directory;

	private Path file;

	private LiveTrust trust;

	@BeforeEach
	void setUp() throws IOException {
		this.file = this.directory.resolve("ca.crt");
		write(this.oldAuthority);
		this.trust = trust(TrustSource.file(this.file));
	}

	@Test
	void oldAuthorityIsTrustedForTheOverlapAfterAChange(CapturedOutput output) throws IOException {
		assertThat(authorities()).containsExactly(this.oldAuthority.certificate());
		write(this.newAuthority);
		assertThat(authorities()).containsExactly(this.newAuthority.certificate(), this.oldAuthority.certificate());
		assertThat(output).contains("have changed: 1 trusted now, 1 removed and trusted for another 1h");
		this.time.pass(OVERLAP);
		assertThat(authorities()).containsExactly(this.newAuthority.certificate());
	}

	@Test
	void eachAuthorityIsTrustedForTheOverlapAfterItsOwnRemoval() throws IOException {
		TestAuthority newest = new TestAuthority("newest");
		authorities();
		write(this.newAuthority);
		authorities();
		this.time.pass(OVERLAP.dividedBy(2));
		write(newest);
		assertThat(authorities()).containsExactly(newest.certificate(), this.oldAuthority.certificate(),
				this.newAuthority.certificate());
		this.time.pass(OVERLAP.dividedBy(2));
		assertThat(authorities()).containsExactly(newest.certificate(), this.newAuthority.certificate());
		this.time.pass(OVERLAP.dividedBy(2));
		assertThat(authorities()).containsExactly(newest.certificate());
	}

	/** Also if the source cannot be read at first. */
	@Test
	void authoritiesRemovedBeforeTheFirstReadingHaveTheRestOfTheOverlap(CapturedOutput output) throws IOException {
		Files.delete(this.file);
		TrustSource file = TrustSource.file(this.file);
		X509Certificate old = this.oldAuthority.certificate();
		Instant removed = this.time.instant().minus(Duration.ofMinutes(40));
		LiveTrust trust = trust(
				new TrustSource(file.origin(), file.version(), file.trust(),
						() -> Map.of(old, removed, new TestAuthority("older").certificate(), removed.minus(OVERLAP),
								this.newAuthority.certificate(), removed),
						null, file.files(), () -> null),
				(problem) -> Trust.exactly(List.of()));
		assertThat(trust.refresh().authorities()).isEmpty();
		write(this.newAuthority);
		assertThat(trust.refresh().authorities()).containsExactly(this.newAuthority.certificate(), old);
		assertThat(output).containsOnlyOnce("was removed from")
			.contains("[shop] The authority 'CN=old' was removed from " + this.file
					+ " before, and is trusted until 2026-01-01T00:20:00Z");
		this.time.pass(Duration.ofMinutes(20));
		assertThat(trust.refresh().authorities()).containsExactly(this.newAuthority.certificate());
	}

	@Test
	void authorityThatComesBackWithinTheOverlapStays() throws IOException {
		authorities();
		write(this.newAuthority);
		authorities();
		write(this.oldAuthority);
		assertThat(authorities()).containsExactly(this.oldAuthority.certificate(), this.newAuthority.certificate());
		this.time.pass(OVERLAP);
		assertThat(authorities()).containsExactly(this.oldAuthority.certificate());
	}

	@Test
	void fileIsTheOneThatIsFollowed() {
		List<Path> followed = new ArrayList<>();
		this.trust.follow((files, look, late, delay) -> {
			followed.addAll(files.get());
			return () -> {
			};
		}, () -> {
		});
		assertThat(followed).containsExactly(this.file);
	}

	@Test
	void sourceIsReadAgainOnlyIfItHasChanged() throws IOException {
		AtomicInteger reads = new AtomicInteger();
		TrustSource file = TrustSource.file(this.file);
		LiveTrust trust = trust(new TrustSource(file.origin(), file.version(), () -> {
			reads.incrementAndGet();
			return file.trust().get();
		}, file.files()));
		assertThat(trust.refresh()).isEqualTo(trust.refresh());
		assertThat(reads).hasValue(1);
		write(this.newAuthority);
		assertThat(trust.refresh()).isEqualTo(trust.refresh());
		assertThat(reads).hasValue(2);
	}

	@Test
	void nothingRemainsOfTheTrustBeforeTheFirstReading(CapturedOutput output) throws IOException {
		Files.delete(this.file);
		List<String> problems = new ArrayList<>();
		LiveTrust trust = trust(TrustSource.file(this.file), (problem) -> {
			problems.add(problem.getMessage());
			return Trust.exactly(List.of());
		});
		assertThat(trust.refresh().authorities()).isEmpty();
		trust.refresh();
		Files.writeString(this.file, "nonsense");
		trust.refresh();
		assertThat(trust.refresh().authorities()).isEmpty();
		assertThat(problems).as("each once").hasSize(2).first().asString().startsWith("There is no file");
		write(this.newAuthority);
		assertThat(trust.refresh().authorities()).containsExactly(this.newAuthority.certificate());
		assertThat(output)
			.contains("[shop] The certificate authorities in " + this.file + " have changed: 1 trusted now\n");
		Files.delete(this.file);
		assertThat(trust.refresh().authorities()).containsExactly(this.newAuthority.certificate());
	}

	/** As a source of which it has become known which authorities are meant. */
	@Test
	void nothingRemainsOfATrustInTheJdk() {
		Queue<Trust> contents = new ArrayDeque<>(
				List.of(Trust.system(), Trust.exactly(List.of(this.newAuthority.certificate()))));
		LiveTrust trust = trust(new TrustSource(() -> "here", Object::new, contents::remove, List::of));
		assertThat(trust.refresh()).isEqualTo(Trust.system());
		assertThat(trust.refresh().authorities()).containsExactly(this.newAuthority.certificate());
	}

	@Test
	void fileThatBecomesUnreadableChangesNothing() throws IOException {
		authorities();
		Files.writeString(this.file, "nonsense");
		assertThat(authorities()).containsExactly(this.oldAuthority.certificate());
		Files.delete(this.file);
		assertThat(authorities()).containsExactly(this.oldAuthority.certificate());
		write(this.newAuthority);
		assertThat(authorities()).contains(this.newAuthority.certificate());
	}

	/** As once its permissions have been corrected, which do not change its version. */
	@Test
	void fileThatCanBeReadAgainIsReadAlsoIfItsVersionIsTheSame(CapturedOutput output) throws IOException {
		TrustSource file = TrustSource.file(this.file);
		Queue<RuntimeException> denials = new ArrayDeque<>();
		LiveTrust trust = trust(new TrustSource(file.origin(), file.version(), () -> {
			RuntimeException denial = denials.poll();
			if (denial != null) {
				throw denial;
			}
			return file.trust().get();
		}, file.files()));
		trust.refresh();
		write(this.newAuthority);
		denials.addAll(Collections.nCopies(3, new IllegalArgumentException("Access denied")));
		for (int denied = 0; denied < 3; denied++) {
			assertThat(trust.refresh().authorities()).containsExactly(this.oldAuthority.certificate());
		}
		assertThat(output)
			.containsOnlyOnce("[shop] Access denied; the certificate authorities that were read before remain")
			.doesNotContain("again");
		assertThat(trust.refresh().authorities()).contains(this.newAuthority.certificate());
		trust.refresh();
		assertThat(output)
			.containsOnlyOnce("[shop] The certificate authorities in " + this.file + " can be read again\n");
	}

	/** Such as one on a volume whose server is away. */
	@Test
	void fileThatHangsDelaysNoOtherHandshakeAndNoEndOfAnOverlap() throws Exception {
		Exchanger<Boolean> hang = new Exchanger<>();
		AtomicBoolean hangs = new AtomicBoolean();
		TrustSource file = TrustSource.file(this.file);
		LiveTrust trust = trust(new TrustSource(() -> "the volume", () -> {
			if (hangs.get()) {
				exchange(hang);
				exchange(hang);
			}
			return file.version().get();
		}, file.trust(), file.files()));
		trust.refresh();
		write(this.newAuthority);
		assertThat(trust.refresh().authorities()).contains(this.oldAuthority.certificate());
		hangs.set(true);
		CompletableFuture<Trust> hanging = CompletableFuture.supplyAsync(trust::refresh,
				(task) -> new Thread(task).start());
		exchange(hang);
		assertThat(trust.refresh().authorities()).contains(this.oldAuthority.certificate());
		this.time.pass(OVERLAP);
		assertThat(trust.refresh().authorities()).containsExactly(this.newAuthority.certificate());
		write(this.oldAuthority);
		exchange(hang);
		assertThat(hanging.get().authorities()).startsWith(this.oldAuthority.certificate());
	}

	private static void exchange(Exchanger<Boolean> exchanger) {
		assertThatCode(() -> exchanger.exchange(true)).doesNotThrowAnyException();
	}

	@Test
	void trustManagerFollowsAndTellsOfTheHandshakesThatCheckAServer() throws Exception {
		List<Object> handshakes = new ArrayList<>();
		X509ExtendedTrustManager trust = new LiveTrustManager(this.trust::refresh, handshakes::add);
		X509Certificate[] before = chain(this.oldAuthority);
		X509Certificate[] after = chain(this.newAuthority);
		Socket socket = new Socket();
		SSLEngine engine = SSLContext.getDefault().createSSLEngine();
		for (ThrowingCallable check : List.<ThrowingCallable>of(() -> trust.checkClientTrusted(after, "EC"),
				() -> trust.checkClientTrusted(after, "EC", socket),
				() -> trust.checkClientTrusted(after, "EC", engine),
				() -> trust.checkServerTrusted(after, "ECDHE_ECDSA"))) {
			assertThatExceptionOfType(CertificateException.class).isThrownBy(check);
		}
		assertThat(handshakes).isEmpty();
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> trust.checkServerTrusted(after, "ECDHE_ECDSA", socket));
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> trust.checkServerTrusted(after, "ECDHE_ECDSA", engine));
		assertThat(handshakes).containsExactly(socket, engine);
		trust.checkClientTrusted(before, "EC", socket);
		trust.checkServerTrusted(before, "ECDHE_ECDSA", socket);
		write(this.newAuthority);
		trust.checkServerTrusted(before, "ECDHE_ECDSA");
		trust.checkServerTrusted(after, "ECDHE_ECDSA");
		assertThat(trust.getAcceptedIssuers()).hasSize(2);
		this.time.pass(OVERLAP);
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> trust.checkServerTrusted(before, "ECDHE_ECDSA"));
	}

	/** Not every TLS engine limits what a peer may send. */
	@Test
	void trustManagerRefusesChainsThatNoPeerWouldTakeUnchecked() {
		X509ExtendedTrustManager trust = new LiveTrustManager(this.trust);
		List<X509Certificate> chain = new ArrayList<>(List.of(chain(this.oldAuthority)));
		chain.addAll(Collections.nCopies(20, this.oldAuthority.certificate()));
		try (CountingProvider counts = new CountingProvider()) {
			assertThatExceptionOfType(CertificateException.class)
				.isThrownBy(() -> trust.checkClientTrusted(chain.toArray(X509Certificate[]::new), "EC"))
				.withMessage("The peer is refused: its chain has 21 certificates, but at most 20 are accepted");
			assertThat(counts.take()).doesNotContainKey(Operation.VERIFICATION);
		}
	}

	private LiveTrust trust(TrustSource source) {
		return trust(source, (problem) -> {
			throw problem;
		});
	}

	private LiveTrust trust(TrustSource source, Function<RuntimeException, Trust> unread) {
		return new LiveTrust("[shop] ", List.of(new LiveSource("[shop] ", "ssl.trust-file", source, unread)), OVERLAP,
				this.time);
	}

	private List<X509Certificate> authorities() {
		return this.trust.refresh().authorities();
	}

	private static X509Certificate[] chain(TestAuthority authority) {
		Instant now = Instant.now();
		return authority
			.pair(CertificateTemplate.ofSubject("test"), now.minus(Duration.ofMinutes(5)),
					now.plus(Duration.ofHours(1)))
			.chain()
			.toArray(X509Certificate[]::new);
	}

	private void write(TestAuthority authority) throws IOException {
		TestAuthority.replace(this.file, authority);
	}

}
