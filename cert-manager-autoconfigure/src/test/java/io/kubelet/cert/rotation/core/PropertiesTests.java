package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.core.Decision.Fail;
import io.kubelet.cert.rotation.core.Decision.Request;
import io.kubelet.cert.rotation.core.Decision.Restore;
import io.kubelet.cert.rotation.core.Decision.Step;
import io.kubelet.cert.rotation.core.Decision.Wait;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What holds in every state that a random sequence of events can reach. The numbers of
 * the sequences are their seeds: one that fails is played again alone with
 * {@code -Dproperties.first=SEED -Dproperties.sequences=1}.
 *
 * @see Decisions
 * @see Transitions
 * @see NextState
 * @see Policy
 */
class PropertiesTests extends CoreFixture {

	private static final int SEQUENCES = Integer.getInteger("properties.sequences", 20);

	private static final long FIRST = Long.getLong("properties.first", 0);

	private static final int EVENTS = 60;

	/** So many decisions follow one event at most. */
	private static final int STEPS = 20;

	private static final Duration REST = Duration.ofHours(6);

	private static final Duration STEP = Duration.ofSeconds(20);

	@ParameterizedTest
	@CsvSource({ "1, false", "2, false", "2, true", "3, true" })
	void everySequenceOfEventsKeepsThePromises(int processes, boolean shared) {
		for (long seed = FIRST; seed < FIRST + SEQUENCES; seed++) {
			World world = new World(new Random(seed), processes, shared);
			try {
				world.play(EVENTS);
			}
			catch (AssertionError | RuntimeException ex) {
				throw new AssertionError(
						"With %d processes%s and seed %d".formatted(processes, shared ? " that share" : "", seed), ex);
			}
		}
	}

	/** Plays a sequence of events at random, at most {@value #EVENTS}. */
	static void play(Random random, int processes, boolean shared, int events) {
		new World(random, processes, shared).play(Math.min(events, EVENTS));
	}

	/** A store, a signer, and the processes that use them. */
	private static final class World extends CoreFixture {

		final Random random;

		final List<Process> processes = new ArrayList<>();

		final boolean shared;

		Instant now = NOW;

		/** The time of the timers, which nobody sets. */
		Duration passed = Duration.ZERO;

		Reading stored = Reading.NOTHING;

		World(Random random, int processes, boolean shared) {
			this.random = random;
			this.shared = shared;
			if (random.nextBoolean()) {
				CertificatePair pair = pair(random.nextBoolean() ? TEMPLATE : OTHER, NOW, 4);
				this.stored = reading(pair, random.nextBoolean() ? request(TEMPLATE, pair) : null, null);
			}
			for (int i = 0; i < processes; i++) {
				this.processes.add(new Process(this));
			}
		}

		void play(int events) {
			for (int i = 0; i < events; i++) {
				Process process = this.processes.get(this.random.nextInt(this.processes.size()));
				process.happens();
				pass(Duration.ofMillis((long) (Math.pow(this.random.nextDouble(), 6) * REST.toMillis())));
				if (this.random.nextInt(12) == 0) {
					// The clock is set
					this.now = this.now.plusSeconds(this.random.nextInt(14400) - 7200);
				}
			}
			heal();
		}

		private void pass(Duration time) {
			this.now = this.now.plus(time);
			this.passed = this.passed.plus(time);
		}

		/** All goes well from now on. */
		private void heal() {
			Instant end = this.now.plus(REST);
			for (Process process : this.processes) {
				process.template = TEMPLATE;
			}
			while (this.now.isBefore(end)) {
				List<State> before = states();
				this.processes.forEach(Process::goOn);
				pass(states().equals(before) ? untilSomethingIsDue(end) : STEP);
			}
			// Some may rotate just then
			for (int steps = 0; steps < STEPS; steps++) {
				this.processes.forEach(Process::goOn);
			}
			CertificatePair last = Objects.requireNonNull(this.stored.pair(), "a pair is stored");
			assertThat(last.isValid(this.now)).isTrue();
			assertThat(this.processes).allSatisfy((process) -> {
				assertThat(process.state.pair()).isEqualTo(last);
				assertThat(process.state.past().lastFailure()).isNull();
			});
		}

		private List<State> states() {
			return this.processes.stream().map((process) -> process.state).toList();
		}

		private Duration untilSomethingIsDue(Instant end) {
			Instant due = this.processes.stream().map(Process::due).min(Comparator.naturalOrder()).orElse(end);
			Duration left = Duration.between(this.now, due.isBefore(end) ? due : end);
			return (left.compareTo(STEP) > 0) ? left : STEP;
		}

	}

	/** A process in that world. Its shell does what is decided, or fails to. */
	private static final class Process {

		private final World world;

		private @Nullable CertificateTemplate template = TEMPLATE;

		private State state;

		private boolean well;

		/** When the timer of the last attempt comes. */
		private Duration limit = Duration.ZERO;

		Process(World world) {
			this.world = world;
			this.state = Transitions.start(policy(world.shared, false), world.stored, TEMPLATE, null, false, world.now,
					world.random.nextDouble());
		}

		/** Something happens, at random. */
		void happens() {
			this.well = false;
			int number = this.world.random.nextInt(12);
			switch (number) {
				case 0 -> on(Transitions::demanded);
				case 1 -> this.template = maybe(TEMPLATE, TEMPLATE, OTHER);
				case 2, 3, 4 -> answer();
				case 5 -> deleted();
				case 6 -> writtenByAnother();
				default -> {
				}
			}
			timer();
			observe(number == 11);
			decide();
		}

		void goOn() {
			this.well = true;
			if (this.state.attempt() != null) {
				issue();
			}
			deleted();
			timer();
			observe(false);
			decide();
		}

		/** The end of the wait, or of the attempt. */
		Instant due() {
			Decision decision = Decisions.decide(this.state, this.world.now);
			Instant until = (decision instanceof Wait wait) ? wait.until() : this.world.now;
			Instant end = this.world.now.plus(this.limit.minus(this.world.passed));
			return (this.state.attempt() != null && end.isBefore(until)) ? end : until;
		}

		/** It may come late, or when its attempt is over. */
		private void timer() {
			if (this.state.attempt() != null && this.world.passed.compareTo(this.limit) >= 0) {
				on(Transitions::timedOut);
			}
		}

		private void observe(boolean fails) {
			Reading reading = !fails ? this.world.stored : this.state.stored()
				.failed(new StoreException(any(Kind.UNAVAILABLE, Kind.FORBIDDEN, Kind.STORE), "It fails", null));
			on((next) -> next.observed(reading, this.template, null, this.world.random.nextInt(9) > 0));
		}

		/** Carries out decisions until there is nothing to do. */
		private void decide() {
			for (int steps = 0; steps < STEPS; steps++) {
				Decision decision = Decisions.decide(this.state, this.world.now);
				if (decision instanceof Wait wait) {
					check(wait);
					return;
				}
				on((Step) decision);
				carryOut(decision);
			}
			throw new AssertionError("No end of decisions in " + this.state);
		}

		private void carryOut(Decision decision) {
			if (decision instanceof Request request) {
				create(request);
			}
			else if (decision instanceof Restore restore) {
				restore(restore.pair());
			}
		}

		private void restore(CertificatePair pair) {
			if (!sees(this.world.stored) && this.state.stored().failure() == null) {
				on((next) -> next.notRestored(null));
				observe(false);
			}
			else if (fails()) {
				on((next) -> next.notRestored("It fails"));
				assertThat(this.state.storeProblem()).isNotNull();
			}
			else {
				write(pair, this.world.stored.pending(), this.world.now.plusSeconds(3600), true);
				on((next) -> next.restored(this.world.stored));
			}
		}

		private void create(Request request) {
			if (fails()) {
				on(new Fail(any(new StoreException("The disk is full", null), new StackOverflowError())));
			}
			else if (this.state.stored().failure() != null) {
				on(new Fail(this.state.stored().failure()));
			}
			else if (this.world.shared && !sees(this.world.stored)) {
				on(Transitions::conflicted);
				observe(false);
			}
			else {
				PendingRequest created = this.world.request(request.template(), this.state.pair());
				write(this.world.stored.pair(), created, this.world.stored.deadline(), false);
				on((next) -> next.created(created, this.world.stored));
			}
		}

		/** Whether this process has read what is stored. */
		private boolean sees(Reading stored) {
			return stored.equals(this.state.stored());
		}

		/** Something comes from the signer, if it is waited for. */
		private void answer() {
			Pending pending = this.state.pending();
			if (this.state.attempt() == null || pending == null) {
				return;
			}
			switch (this.world.random.nextInt(6)) {
				case 0, 1 -> issue();
				case 2 -> on((next) -> next.submitted(object(pending.request(), this.world.now)));
				case 3 -> on(new Fail(RequestException.denied("shop", Signer.of("example.com/shop"), "No", "no")));
				case 4 -> on(new Fail(RequestException.lost("Gone", "It is gone")));
				default -> on(new Fail(
						RequestException.unavailable("Down", "It is down", maybe(Duration.ofMinutes(20)), null)));
			}
		}

		private void issue() {
			PendingRequest request = Objects.requireNonNull(this.state.pending()).request();
			PendingRequest stored = this.world.stored.pending();
			if (this.world.shared && (stored == null || !stored.hasKey(request.request().publicKey())
					|| this.world.stored.unanswered() == null)) {
				on(Transitions::overtaken);
				return;
			}
			if (fails()) {
				on(new Fail(new StoreException("The disk is full", null)));
				return;
			}
			CertificatePair pair = CoreFixture.answer(request, this.world.now, 2);
			Instant deadline = this.world.shared ? this.state.policy().deadline(pair, null, 0.5) : null;
			write(pair, stored, deadline, true);
			on((next) -> next.issued(pair, List.of(), this.world.stored));
		}

		private void deleted() {
			for (Leaving leaving : this.state.leaving()) {
				if (leaving.deleting()) {
					PendingRequest stored = this.world.stored.pending();
					boolean there = stored != null && stored.hasKey(leaving.request().request().publicKey());
					if (there && !fails()) {
						write(reading(this.world.stored.content().withPending(null), ""));
					}
					on((next) -> next.withdrawn(leaving.request(), this.world.stored));
				}
			}
		}

		private void writtenByAnother() {
			CertificatePair pair = maybe(this.world.pair(TEMPLATE, this.world.now, 3),
					this.world.pair(OTHER, this.world.now, 3), this.world.pair(TEMPLATE, NOW.minusSeconds(9000), 2));
			PendingRequest pending = maybe(this.world.request(TEMPLATE, pair), this.world.request(TEMPLATE, pair));
			write(reading(new Stored(pair, pending, null, null), "backup"));
		}

		private void write(@Nullable CertificatePair pair, @Nullable PendingRequest pending, @Nullable Instant deadline,
				boolean pairChanges) {
			List<Instant> before = this.world.stored.content().repairs();
			List<Instant> repairs = new StoreView(this.state, this.world.now).repairTimes(before, pairChanges);
			assertThat(repairs.size()).as("no repairs of others get lost").isGreaterThanOrEqualTo(alive(before));
			write(reading(new Stored(pair, pending, deadline, null).withRepairs(repairs), ""));
		}

		/** How many of them still count. */
		private int alive(List<Instant> repairs) {
			return Repair.Times.NONE.and(repairs, this.world.now).times().size();
		}

		private void write(Reading reading) {
			this.world.stored = reading;
		}

		private boolean fails() {
			return !this.well && this.world.random.nextInt(5) == 0;
		}

		private void on(Transitions.Event event) {
			State before = this.state;
			this.state = Transitions.after(before, event, this.world.now, this.world.random.nextDouble());
			if (this.state.attempt() != null && before.attempt() == null) {
				this.limit = this.world.passed.plus(WAIT);
			}
			CertificatePair pair = before.pair();
			if (pair != null && pair.isValid(this.world.now)) {
				assertThat(this.state.current().isValid(this.world.now))
					.as("a valid pair stays, or gets a valid successor")
					.isTrue();
			}
			assertThat(this.state.leaving()).as("what is over is deleted once")
				.doesNotHaveDuplicates()
				.noneMatch((leaving) -> this.state.pending() != null && leaving.isFor(this.state.pending().request()));
		}

		private void check(Wait wait) {
			Instant now = this.world.now;
			assertThat(wait.until()).as("nothing is due").isAfter(now);
			assertThat(this.state.attempt() == null || this.state.pending() != null)
				.as("an attempt waits for the pending request")
				.isTrue();
			boolean due = this.state.template() != null && !this.state.deadline(now).isAfter(now);
			if (due && this.state.attempt() == null) {
				assertThat(wait.until()).as("an attempt follows").isBeforeOrEqualTo(now.plus(Duration.ofMinutes(70)));
			}
			if (this.state.attempt() != null) {
				assertThat(this.world.passed).as("an attempt ends").isLessThan(this.limit);
			}
		}

		@SafeVarargs
		private <T> @Nullable T maybe(T... values) {
			int index = this.world.random.nextInt(values.length + 1);
			return (index == values.length) ? null : values[index];
		}

		@SafeVarargs
		private <T> T any(T... values) {
			return values[this.world.random.nextInt(values.length)];
		}

	}

}
