package io.kubelet.cert.rotation.engine;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The order in which followers and listeners are called, and that none of them holds up a
 * rotation or another one.
 *
 * @see Delivery
 * @see io.kubelet.cert.rotation.RotationEvent
 * @see io.kubelet.cert.rotation.internal.Listeners
 * @see io.kubelet.cert.rotation.internal.Recipient
 */
class DeliveryTests extends ManagerFixture {

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final List<String> calls = new CopyOnWriteArrayList<>();

	private final CompletableFuture<Void> blocked = new CompletableFuture<>();

	@AfterEach
	void end() {
		this.blocked.complete(null);
		this.threads.shutdownNow();
	}

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().executor(this.threads);
	}

	@Test
	void followersReturnBeforeTheFutureCompletesAndListenersAreCalled() {
		CertificateManager manager = start();
		manager.addListener(onRotation((pair) -> this.calls.add("listener")));
		manager.addFollower((name) -> {
			this.blocked.join();
			this.calls.add("follower");
		});
		CompletableFuture<?> rotation = manager.rotate().thenRun(() -> this.calls.add("future"));
		this.time.settle();
		assertThat(this.calls).isEmpty();
		this.blocked.complete(null);
		assertThat(rotation).succeedsWithin(120, TimeUnit.SECONDS);
		await().untilAsserted(() -> assertThat(this.calls).startsWith("follower").contains("listener", "future"));
	}

	@Test
	void followerThatHangsDelaysListenersForALimitedTime(CapturedOutput output) {
		CertificateManager manager = start();
		manager.addFollower((name) -> this.blocked.join());
		manager.addFollower((name) -> this.calls.add("follower"));
		manager.addListener(onRotation((pair) -> this.calls.add("listener")));
		for (int calls = 0; calls < 4; calls += 2) {
			int before = calls;
			rotate(manager);
			await().untilAsserted(() -> assertThat(this.calls).hasSize(before + 1).last().isEqualTo("follower"));
			pass(Delivery.FOLLOWER_LIMIT);
			await().untilAsserted(() -> assertThat(this.calls).hasSize(before + 2).last().isEqualTo("listener"));
		}
		assertThat(output).containsOnlyOnce("has not returned for 10s. Not every SSL bundle or client has been updated")
			.containsPattern("at .*DeliveryTests\\.");
		assertThat(manager.status().rotations().count()).isEqualTo(3);
	}

	@Test
	void listenerThatHangsHoldsUpNeitherRotationsNorOtherListenersAndIsNamed(CapturedOutput output) {
		CertificateManager manager = start();
		manager.addListener(onRotation((pair) -> this.blocked.join()));
		manager.addListener(onRotation((pair) -> this.calls.add(pair.serialNumber())));
		for (int rotation = 0; rotation < 3; rotation++) {
			assertThat(rotate(manager)).succeedsWithin(120, TimeUnit.SECONDS);
			String serialNumber = manager.current().orElseThrow().serialNumber();
			await().untilAsserted(() -> assertThat(this.calls).last().isEqualTo(serialNumber));
		}
		assertThat(output).doesNotContain("has not returned");
		pass(ofSeconds(30));
		assertThat(output).containsOnlyOnce("Rotation listener " + ManagerFixture.class.getName())
			.containsPattern("ManagerFixture\\$\\S+ has not returned for 30s")
			.containsPattern("at .*DeliveryTests\\.");
		this.blocked.complete(null);
		await().untilAsserted(() -> assertThat(output).containsPattern("Rotation listener .* has returned"));
	}

	@Test
	void eventsGoOnAfterALimitThatCouldNotBeScheduled() {
		CertificateManager manager = start(builder().scheduler((task, delay) -> {
			if (delay.equals(Delivery.FOLLOWER_LIMIT)) {
				throw new RejectedExecutionException("no thread");
			}
			return this.time.schedule(task, delay);
		}));
		manager.addFollower((name) -> this.blocked.join());
		manager.addListener(onRotation((pair) -> this.calls.add("listener")));
		for (int rotation = 1; rotation <= 2; rotation++) {
			int expected = rotation;
			assertThat(rotate(manager)).succeedsWithin(120, TimeUnit.SECONDS);
			await().untilAsserted(() -> assertThat(this.calls).hasSize(expected));
		}
	}

	@Test
	void rotationCompletesAlsoIfThereIsNoThreadForIt() {
		assertThat(rotate(start(builder().executor((task) -> {
			throw new RejectedExecutionException("no thread");
		})))).isCompleted();
	}

}
