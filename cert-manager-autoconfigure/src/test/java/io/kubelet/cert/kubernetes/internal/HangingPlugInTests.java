package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CredentialPlugIn} with a program that does not answer.
 */
class HangingPlugInTests {

	@TempDir
	Path directory;

	@Test
	@DisabledOnOs(OS.WINDOWS)
	void plugInThatHangsIsTerminatedWithItsChildProcesses() throws IOException {
		Path script = Files.writeString(this.directory.resolve("plug-in"), """
				#!/bin/sh
				sleep 600 &
				echo $! >%s/child
				wait
				""".formatted(this.directory));
		assertThat(script.toFile().setExecutable(true)).isTrue();
		Path file = Files.writeString(this.directory.resolve("kubeconfig"), "kind: Config");
		CredentialPlugIn plugIn = new CredentialPlugIn(KubeconfigFile.read(file, null),
				Map.of("command", "./plug-in", "apiVersion", "client.authentication.k8s.io/v1"));
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> plugIn.run(Duration.ofSeconds(4)))
			.withMessageContaining("The credential plug-in './plug-in' of the ")
			.withMessageContaining("did not end within 4s and was terminated. Run it by hand");
		long child = Long.parseLong(Files.readString(this.directory.resolve("child")).trim());
		await().until(() -> !ProcessHandle.of(child).map(ProcessHandle::isAlive).orElse(false));
	}

}
