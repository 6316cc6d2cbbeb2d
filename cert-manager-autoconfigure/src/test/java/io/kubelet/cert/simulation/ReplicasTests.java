package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Replicas that share a store live through random histories, with kills, partitions,
 * clocks that differ, denials and rolling updates. {@code -Dreplicas.histories=N} plays
 * more of them.
 */
class ReplicasTests {

	private static final int HISTORIES = Integer.getInteger("replicas.histories", 100);

	private static final Duration SECOND = Duration.ofSeconds(1);

	private static final List<Duration> PASSES = List.of(SECOND, SECOND.multipliedBy(10), Duration.ofMinutes(1),
			Duration.ofMinutes(20), Duration.ofHours(1), Duration.ofHours(3));

	private static final Logger engineLog = (Logger) LoggerFactory.getLogger("io.kubelet.cert.rotation");

	@BeforeEach
	void silence() {
		engineLog.setLevel(Boolean.getBoolean("replicas.log") ? Level.INFO : Level.OFF);
	}

	@AfterEach
	void end() {
		engineLog.setLevel(null);
	}

	@Test
	void everyInvariantHoldsInAnyHistory() {
		int first = Integer.getInteger("replicas.first", 0);
		List<ReplicaWorld> worlds = IntStream.range(first, first + HISTORIES)
			.mapToObj((seed) -> new ReplicaHistory(seed).play())
			.toList();
		Figures.report("replicas that share a store",
				"%d histories, %d pairs, %d creates, %d denials, %d kills".formatted(HISTORIES,
						sum(worlds, (world) -> world.pairs), sum(worlds, (world) -> world.creates),
						sum(worlds, (world) -> world.denials), sum(worlds, (world) -> world.kills)));
	}

	private static int sum(List<ReplicaWorld> worlds, ToIntFunction<ReplicaWorld> count) {
		return worlds.stream().mapToInt(count).sum();
	}

	/** Without any fault, a rotation of all replicas is one request. */
	@ParameterizedTest
	@ValueSource(ints = { 2, 5, 50 })
	void eachRotationIsOneRequest(int replicas) {
		ReplicaWorld world = new ReplicaWorld(true);
		List<Replica> all = replicas(world, replicas, new Random(replicas));
		all.forEach(Replica::start);
		world.time().pass(Duration.ofDays(2));
		assertThat(world.violations).isEmpty();
		assertThat(world.pairs).isGreaterThan(20);
		assertThat(world.creates).isEqualTo(world.pairs);
		assertThat(world.recreations).isZero();
		assertThat(world.objects()).isZero();
		assertThat(all).allSatisfy((replica) -> {
			assertThat(replica.served()).isEqualTo(world.secret().stored().pair());
			assertThat(replica.rotations()).isEqualTo(world.pairs);
		});
		Figures.report(replicas + " replicas without faults", "%d rotations, %d creates, %d writes, %d conflicts"
			.formatted(world.pairs, world.creates, world.secret().writes, world.secret().conflicts));
	}

	/** As when the node of an old pod is drained during a rolling update. */
	@Test
	void templateOfAReplicaThatHasEndedIsReplacedWithinAnHour() {
		ReplicaWorld world = new ReplicaWorld(true);
		List<Replica> both = replicas(world, 2, new Random(1));
		Replica old = both.get(0);
		Replica updated = both.get(1);
		updated.template = 1;
		for (Replica started : List.of(old, updated, old)) {
			started.die();
			started.start();
			world.time().pass(Duration.ofMinutes(1));
			assertThat(both).filteredOn((replica) -> replica.manager() != null)
				.allMatch((replica) -> Replica.template(started.template).isSatisfiedBy(served(replica).leaf()));
		}
		old.die();
		world.time().pass(Duration.ofHours(1));
		assertThat(served(updated).leaf()).matches(Replica.template(1)::isSatisfiedBy);
		assertThat(world.creates).isEqualTo(4).isEqualTo(world.pairs);
		assertThat(world.violations).isEmpty();
	}

	private static CertificatePair served(Replica replica) {
		return Objects.requireNonNull(replica.served());
	}

	private static List<Replica> replicas(ReplicaWorld world, int count, Random random) {
		KeyPool keys = new KeyPool();
		return IntStream.range(0, count)
			.mapToObj((index) -> new Replica(world, keys, random, SECOND.multipliedBy(random.nextInt(61) - 30)))
			.toList();
	}

	/** Steps that follow from a number. */
	private static final class ReplicaHistory {

		private final int seed;

		private final Random random;

		private final ReplicaWorld world;

		private final List<Replica> replicas;

		private final List<String> steps = new ArrayList<>();

		private int newest;

		ReplicaHistory(int seed) {
			this.seed = seed;
			this.random = new Random(seed);
			this.world = new ReplicaWorld(seed % 2 == 0);
			this.replicas = replicas(this.world, 2 + this.random.nextInt(4), this.random);
		}

		ReplicaWorld play() {
			this.replicas.forEach(Replica::start);
			int count = 1 + this.random.nextInt(25);
			for (int step = 0; step < count; step++) {
				disturb(this.replicas.get(this.random.nextInt(this.replicas.size())));
				pass(PASSES.get(this.random.nextInt(PASSES.size())));
			}
			heal();
			return this.world;
		}

		private void disturb(Replica replica) {
			int action = this.random.nextInt(15);
			this.steps.add("%d %d".formatted(action, this.replicas.indexOf(replica)));
			switch (action) {
				case 0 -> {
					replica.die();
					replica.start();
				}
				case 1 -> replica.die();
				case 2, 3, 4 -> replica.dieAt(Replica.Moment.values()[action - 2]);
				case 5 -> replica.cutOff(true);
				case 6 -> replica.cutOff(false);
				case 7 -> this.world.denies = true;
				case 8 -> this.world.denies = false;
				case 9 -> this.world.delay = Duration.ofMinutes(10);
				case 10 -> this.world.delay = SECOND;
				case 11 -> this.world.down = true;
				case 12 -> wellAgain();
				case 13 -> {
					// A replica of a rolling update, which may stop there
					this.newest++;
					replica.die();
					replica.template = this.newest;
					replica.start();
				}
				default -> {
					if (replica.manager() != null) {
						replica.manager().rotate();
					}
				}
			}
		}

		private void wellAgain() {
			this.world.down = false;
			this.replicas.forEach((replica) -> replica.cutOff(replica.isCutOff()));
		}

		private void pass(Duration duration) {
			this.steps.add(duration.toString());
			Duration slice = Duration.ofMinutes(5);
			for (Duration left = duration; !left.isZero();) {
				Duration now = (left.compareTo(slice) < 0) ? left : slice;
				this.world.time().pass(now);
				left = left.minus(now);
				look();
			}
		}

		private void look() {
			for (Replica replica : this.replicas) {
				CertificatePair pair = replica.served();
				this.world.require(
						pair == null || !this.world.time().instant().minusSeconds(31).isAfter(pair.notAfter()),
						"an expired pair is served");
			}
			assertThat(this.world.violations).as("history %d: %s", this.seed, this.steps).isEmpty();
		}

		private void awaitAnswer() {
			if (this.world.secret().stored().pending() != null) {
				pass(Duration.ofMinutes(1));
			}
		}

		/** All is well, and the rolling update is finished. */
		private void heal() {
			this.steps.add("well");
			this.world.denies = false;
			this.world.delay = SECOND;
			this.world.down = false;
			for (Replica replica : this.replicas) {
				replica.cutOff(false);
				replica.dieAt(null);
				if (replica.template != this.newest) {
					replica.die();
				}
				replica.template = this.newest;
				replica.start();
				pass(Duration.ofMinutes(1));
			}
			// The longest pause after denials
			pass(Duration.ofMinutes(140));
			awaitAnswer();
			int creates = this.world.creates;
			int pairs = this.world.pairs;
			pass(Duration.ofHours(4));
			awaitAnswer();
			CertificatePair stored = this.world.secret().stored().pair();
			for (Replica replica : this.replicas) {
				this.world.require(stored != null && stored.equals(replica.served()),
						this.replicas.indexOf(replica) + " serves " + ReplicaWorld.serial(replica.served()) + ", but "
								+ ReplicaWorld.serial(stored) + " is stored");
			}
			this.world.require(stored != null && Replica.template(this.newest).isSatisfiedBy(stored.leaf()),
					"the newest template has not won");
			this.world.require(this.world.creates - creates == this.world.pairs - pairs,
					"%d creates for %d pairs".formatted(this.world.creates - creates, this.world.pairs - pairs));
			this.world.require(
					this.world.creates <= this.world.pairs + this.world.denials + this.world.abandoned
							+ this.world.recreations,
					"%d creates for %d pairs, %d denials, %d abandoned requests".formatted(this.world.creates,
							this.world.pairs, this.world.denials, this.world.abandoned));
			this.world.require(this.world.recreations <= this.world.kills,
					"%d requests were created again after %d kills".formatted(this.world.recreations,
							this.world.kills));
			this.world.require(!this.world.keepsRequests() || this.world.leftBehind().isEmpty(),
					"left behind: " + this.world.leftBehind());
			look();
		}

	}

}
