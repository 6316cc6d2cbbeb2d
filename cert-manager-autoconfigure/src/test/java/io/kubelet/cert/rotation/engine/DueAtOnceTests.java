package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Certificates whose rotation is due as soon as they are issued: the signer backdates
 * them, or a clock is wrong.
 *
 * @see io.kubelet.cert.rotation.core.DueRotation
 */
class DueAtOnceTests extends ManagerFixture {

	private static final Duration AHEAD = ofMinutes(56);

	@Test
	void backdatedCertificatesAreRotatedAfterEverLongerPauses(CapturedOutput output) {
		backdate(ofHours(24));
		CertificateManager manager = start();
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
		assertThat(manager.status().schedule().deadline()).isEqualTo(START.plusSeconds(60));
		assertLine(output, "overdue").endsWith("A new one is requested at 2026-01-01T00:01:00Z");
		for (int minute = 0; minute < 300; minute++) {
			pass(ofMinutes(1));
			assertThat(manager.current()).isPresent();
		}
		assertThat(minutesBetweenRotations(manager)).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 54L, 54L, 54L, 54L);
		assertThat(this.failures).isEmpty();
		assertLine(output, "of its lifetime over").contains("WARN",
				"The certificate was issued with 96 % of its lifetime over: the signer backdates it: have it",
				"It is rotated in 1m, and the next ones after pauses of up to an hour, but before they expire");
		this.signer.issues();
		pass(ofHours(1));
		assertThat(manager.status().state()).isEqualTo(State.VALID);
		int before = this.signer.requests.size();
		backdate(ofHours(24));
		rotate(manager);
		pass(ofSeconds(59));
		assertThat(this.signer.requests).hasSize(before + 1);
		pass(ofSeconds(1));
		assertThat(this.signer.requests).as("another row").hasSize(before + 2);
	}

	/** SSL bundles have it as well by then. */
	@Test
	void certificateThatIsOverdueIsReportedAfterItHasCome() {
		backdate(ofHours(24));
		List<String> events = new ArrayList<>();
		CertificateManager manager = builder().listener((event) -> events.add(event.getClass().getSimpleName()))
			.build();
		manager.addFollower((name) -> events.add("updated"));
		start(manager);
		assertThat(events).containsExactly("updated", "Rotated", "Overdue");
	}

	/** By its own clock, the certificate expires in four minutes. */
	@Test
	void clockThatIsAheadIsNamedAndRotatesBeforeTheExpiry(CapturedOutput output) {
		this.signer.lifetime = ofHours(1);
		CertificateManager manager = start(builder().clock(Clock.offset(this.time, AHEAD)));
		for (int second = 0; second < 1200; second++) {
			pass(ofSeconds(1));
			assertThat(manager.current()).isPresent();
		}
		assertThat(this.signer.requests).as("after 1, 2, then every 3.6 minutes").hasSize(7);
		assertLine(output, "of its lifetime over").contains("WARN", "was issued with 93 % of its lifetime over: this "
				+ "clock is ahead of the API server's by about 56m: set it. It is rotated in 1m");
	}

	/** A clock that is a little off does not explain a day. */
	@Test
	void signerThatBackdatesIsNamedAlthoughTheClockIsAhead(CapturedOutput output) {
		backdate(ofHours(24));
		start(builder().clock(Clock.offset(this.time, ofMinutes(5))));
		assertLine(output, "of its lifetime over").contains("the signer backdates it: have it");
	}

	/** Its age is no error of a clock. */
	@Test
	void requestThatAnEarlierProcessCreatedSaysNothingOfTheClock(CapturedOutput output) {
		this.signer.holds();
		start().stop();
		pass(ofHours(20));
		backdate(ofHours(4));
		start();
		assertThat(this.signer.requests).extracting(CertificateRequest::name)
			.hasSize(2)
			.containsOnly(request(0).name());
		assertLine(output, "of its lifetime over").contains("was issued with 80 % of its lifetime over: the signer "
				+ "backdates it, or this clock is ahead by about 4h.");
	}

	@Test
	void whatIsRequestedOrHasToMatchTheTemplateDoesNotWait() {
		backdate(ofHours(24));
		CertificateManager manager = start(dynamic());
		pass(ofMinutes(20));
		int before = this.signer.requests.size();
		assertThat(rotate(manager)).isCompleted();
		assertThat(this.signer.requests).hasSize(before + 1);
		this.template = TEMPLATE.withDnsNames(List.of("n1.example.com"));
		pass(ofMinutes(1).plusSeconds(32));
		assertThat(this.signer.requests).hasSize(before + 2);
	}

	@Test
	void certificatesThatHardlyLastCauseNoStorm() {
		this.signer.issues((request) -> issue(request, ofHours(1), ofSeconds(1)));
		start();
		pass(ofHours(1));
		assertThat(this.signer.requests).hasSizeBetween(100, 120);
	}

	@Test
	void pairOfAReplicaThatIsDueIsRotatedAfterAMinute(CapturedOutput output) {
		SharedMemoryStore shared = new SharedMemoryStore(pair(ofHours(1), ofHours(99)));
		start(builder().store(shared));
		shared.put(new Stored(pair(ofMinutes(95), ofMinutes(5)), null, this.time.instant().minusSeconds(60), 2));
		pass(ofSeconds(59));
		assertThat(this.signer.requests).isEmpty();
		assertLine(output, "of its lifetime over").contains("WARN",
				"The certificate that another process has stored has 95 % of its lifetime over: the signer backdates it, "
						+ "or this clock is ahead by about 1h 35m. It is rotated in 1m");
		pass(ofSeconds(1));
		assertThat(this.signer.requests).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void replicaWhoseClockIsAheadDoesNotMakeTheOthersRotateWithoutEnd(boolean first) {
		this.signer.lifetime = ofHours(1);
		Replicas replicas = new Replicas(pair(ofHours(0), ofHours(1)));
		Clock wrong = Clock.offset(this.time, AHEAD);
		CertificateManager one = start(builder().store(replicas.add()).clock(first ? wrong : this.time));
		CertificateManager other = start(builder().store(replicas.add()).clock(first ? this.time : wrong));
		for (int minute = 0; minute < 180; minute++) {
			pass(ofMinutes(1));
			assertThat(one.current()).isPresent().isEqualTo(other.current());
		}
		assertThat(replicas.pairs).hasSizeBetween(48, 54);
		assertThat(this.signer.requests).hasSameSizeAs(replicas.pairs);
		assertThat(this.failures).isEmpty();
	}

	/** As with the one above, pauses grow also if each pair is that of another. */
	@ParameterizedTest
	@CsvSource({ "2, 60", "3, 120", "5, 480" })
	void pausesGrowWithEachPairThatIsDueWhoeverRequestedIt(int pairs, int seconds) {
		SharedMemoryStore shared = new SharedMemoryStore(pair(ofHours(1), ofHours(99)));
		CertificateManager manager = start(builder().store(shared));
		for (int version = 2; version <= pairs; version++) {
			shared.put(new Stored(pair(ofHours(95), ofHours(5)), null, this.time.instant().minusSeconds(60), version));
			this.time.settle();
		}
		assertThat(manager.status().schedule().deadline()).isEqualTo(START.plusSeconds(seconds));
		pass(ofSeconds(seconds - 1));
		assertThat(this.signer.requests).isEmpty();
		pass(ofSeconds(1));
		assertThat(this.signer.requests).hasSize(1);
	}

	/** An hour is left of each certificate. */
	private void backdate(Duration backdate) {
		this.signer.issues((request) -> issue(request, backdate, ofHours(1)));
	}

	private List<X509Certificate> issue(CertificateRequest request, Duration since, Duration left) {
		Instant now = this.time.instant();
		return List.of(this.authority.issue(request.publicKey(), request.template(), now.minus(since), now.plus(left)));
	}

	private static List<Long> minutesBetweenRotations(CertificateManager manager) {
		List<Instant> times = manager.status().rotations().history().stream().map(Outcome::at).sorted().toList();
		return IntStream.range(1, times.size())
			.mapToObj((index) -> Duration.between(times.get(index - 1), times.get(index)).toMinutes())
			.toList();
	}

	/** A Secret. */
	private static final class Replicas {

		private final List<View> views = new ArrayList<>();

		private Stored stored;

		private int version;

		/** What was issued. */
		final List<CertificatePair> pairs = new ArrayList<>();

		Replicas(CertificatePair pair) {
			this.stored = new Stored(pair, null, pair.notBefore().plus(ofMinutes(45)), 0);
		}

		CertificateStore add() {
			View view = new View();
			this.views.add(view);
			return view;
		}

		private final class View implements CertificateStore.Shared {

			private Runnable changed = () -> {
			};

			@Override
			public Stored read() {
				return Replicas.this.stored;
			}

			@Override
			public Stored write(Stored next) {
				Replicas replicas = Replicas.this;
				if (!Objects.equals(next.version(), replicas.stored.version())) {
					throw new ConflictException("It has changed");
				}
				if (next.pair() != null && !next.pair().equals(replicas.stored.pair())) {
					replicas.pairs.add(next.pair());
				}
				replicas.stored = new Stored(next.pair(), next.pending(), next.deadline(), ++replicas.version)
					.withRepairs(next.repairs());
				replicas.views.stream().filter((view) -> view != this).forEach((view) -> view.changed.run());
				return replicas.stored;
			}

			@Override
			public void onChange(Runnable changed) {
				this.changed = changed;
			}

		}

	}

}
