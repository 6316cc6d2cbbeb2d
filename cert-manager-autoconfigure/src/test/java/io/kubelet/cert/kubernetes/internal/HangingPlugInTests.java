package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.testsupport.Adapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ApiClientProvider} with a credential plug-in that does not answer.
 */
@Timeout(240)
class HangingPlugInTests {

	private static final Duration LONG = Duration.ofMinutes(10);

	@TempDir
	Path directory;

	private final ThreadGroup threads = new ThreadGroup("signers");

	private Path kubeconfig;

	@BeforeEach
	void writeKubeconfig() throws IOException {
		Path plugIn = Files.writeString(this.directory.resolve("plug-in"), """
				#!/bin/sh
				echo "$1" >>%s/asked
				sleep 600
				""".formatted(this.directory));
		assertThat(plugIn.toFile().setExecutable(true)).isTrue();
		this.kubeconfig = Files.writeString(this.directory.resolve("kubeconfig"), """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "https://localhost:1"}}]
				users:
				- name: u
				  user:
				    exec:
				      apiVersion: client.authentication.k8s.io/v1
				      command: ./plug-in
				      args: [get-token]
				      interactiveMode: Never
				contexts: [{name: x, context: {cluster: c, user: u}}]
				current-context: x
				""");
	}

	@AfterEach
	void nothingIsLeft() {
		await().until(() -> this.threads.activeCount() == 0 && plugIns().isEmpty());
	}

	/** Other programs of the same name are left alone. */
	@Test
	void attemptsFailInTimeAndTheNextOneAsksAnew() throws Exception {
		Process other = new ProcessBuilder(this.directory.resolve("plug-in").toString(), "copy").start();
		try (ApiClientProvider access = access(Duration.ofSeconds(4))) {
			await().until(() -> asked() == 1);
			use(access).cancel(true);
			var answers = IntStream.range(0, 5).mapToObj((i) -> use(access)).toList();
			for (var answer : answers) {
				assertThat(answer).failsWithin(Adapter.PATIENCE)
					.withThrowableThat()
					.withCauseInstanceOf(KubernetesConfigurationException.class)
					.withMessageContaining("The credential plug-in './plug-in' of the user 'u' in the kubeconfig "
							+ this.kubeconfig + " did not end within 4s and was terminated. Run it by hand");
			}
			assertThat(asked()).isEqualTo(2);
			await().until(() -> {
				// The first may still meet the attempt that has failed
				use(access);
				return asked() == 3;
			});
			assertThat(other.isAlive()).isTrue();
		}
		finally {
			other.descendants().forEach(ProcessHandle::destroyForcibly);
			other.destroyForcibly().waitFor();
		}
	}

	@Test
	void closingEndsWhatHangs() {
		CompletableFuture<Void> answer;
		try (ApiClientProvider access = access(LONG)) {
			answer = use(access);
			await().until(() -> plugIns().size() == 1 && asked() == 1);
			assertThat(CompletableFuture.runAsync(access::close)).succeedsWithin(Adapter.PATIENCE);
		}
		assertThat(answer).isCompletedExceptionally();
	}

	private ApiClientProvider access(Duration timeout) {
		return new ApiClientProvider(this.kubeconfig, null, null, (task) -> {
			Thread thread = new Thread(this.threads, task, "signers");
			thread.setDaemon(true);
			return thread;
		}, Clock.systemUTC(), timeout);
	}

	private static List<ProcessHandle> plugIns() {
		return ProcessHandle.current()
			.children()
			.filter((child) -> child.info()
				.arguments()
				.map(Stream::of)
				.orElseGet(Stream::empty)
				.anyMatch("get-token"::equals))
			.toList();
	}

	private long asked() throws IOException {
		Path asked = this.directory.resolve("asked");
		return Files.exists(asked) ? Files.readAllLines(asked).size() : 0;
	}

	private static CompletableFuture<Void> use(ApiClientProvider access) {
		return access.use(null, (client) -> new CompletableFuture<>());
	}

}
