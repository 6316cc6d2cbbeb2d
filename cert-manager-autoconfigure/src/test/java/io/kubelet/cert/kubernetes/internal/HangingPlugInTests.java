package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.FutureTask;

import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CredentialPlugIn} with a program that does not answer.
 *
 * @see CredentialPlugIn
 */
@DisabledOnOs(OS.WINDOWS)
class HangingPlugInTests {

	@TempDir
	Path directory;

	private CredentialPlugIn plugIn;

	@BeforeEach
	void create() throws IOException {
		Path script = Files.writeString(this.directory.resolve("plug-in"), """
				#!/bin/sh
				sleep 600 &
				echo $! >%1$s/pid && mv %1$s/pid %1$s/child
				wait
				""".formatted(this.directory));
		assertThat(script.toFile().setExecutable(true)).isTrue();
		Path file = Files.writeString(this.directory.resolve("kubeconfig"), "kind: Config");
		this.plugIn = new CredentialPlugIn(KubeconfigFile.read(file, null),
				Map.of("command", "./plug-in", "apiVersion", "client.authentication.k8s.io/v1"));
	}

	@Test
	void plugInThatHangsIsTerminatedWithItsChildProcesses() throws IOException {
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> this.plugIn.run(Duration.ofSeconds(4)))
			.withMessageContaining("The credential plug-in './plug-in' of the ")
			.withMessageContaining("did not end within 4s and was terminated. Run it by hand");
		awaitEnd();
	}

	@Test
	void plugInThatPrintsTooMuchIsNotSaidToHang() throws IOException {
		Files.writeString(this.directory.resolve("plug-in"), """
				#!/bin/sh
				yes
				""");
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> this.plugIn.run(Duration.ofMinutes(1)))
			.withMessageContaining("printed more than 1 MiB and was terminated. Run it by hand");
	}

	/** As when the client provider is closed. */
	@Test
	void interruptEndsAPlugInThatHangs() throws IOException {
		FutureTask<Credentials> run = new FutureTask<>(() -> this.plugIn.run(Duration.ofHours(1)));
		Thread thread = new Thread(run);
		thread.start();
		await().until(this.directory.resolve("child").toFile()::exists);
		thread.interrupt();
		awaitEnd();
		assertThat(run).failsWithin(Duration.ofMinutes(1));
	}

	private void awaitEnd() throws IOException {
		long child = Long.parseLong(Files.readString(this.directory.resolve("child")).trim());
		await().until(() -> !ProcessHandle.of(child).map(ProcessHandle::isAlive).orElse(false));
	}

}
