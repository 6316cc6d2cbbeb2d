package io.kubelet.cert.test;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.kubelet.cert.test.json.Json;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs {@code kubectl} against the control plane, where it is installed.
 *
 * @see io.kubelet.cert.test.server.Discovery
 */
@EnabledIf("isInstalled")
class KubectlTests {

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.builder()
		.approval(ApprovalPolicy.realCluster())
		.start();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	private Path directory;

	static boolean isInstalled() {
		return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
			.anyMatch((path) -> Files.isExecutable(Path.of(path, "kubectl")));
	}

	@Test
	void listsDescribesAndDeletesRequests() throws Exception {
		ApiClient admin = new ApiClient(this.controlPlane, this.controlPlane.admin());
		for (String name : List.of("good", "bad")) {
			Csr csr = Csr.serving("n1", "n1.example.com");
			csr.body().add("metadata", Json.object("name", name, "labels", Json.object("app", "shop")));
			admin.create(csr);
		}
		assertThat(kubectl(1, "certificate", "approve", "good")).contains("call EmbeddedControlPlane.approve(name)");
		this.controlPlane.approve("good");
		this.controlPlane.deny("bad", "Policy", "Not today");
		admin.issued("good");
		assertThat(kubectl(0, "get", "csr").lines()).satisfiesExactly(
				(heading) -> assertThat(heading.split(" +")).containsExactly("NAME", "AGE"),
				(bad) -> assertThat(bad).startsWith("bad "), (good) -> assertThat(good).startsWith("good "));
		assertThat(kubectl(0, "describe", "csr", "good")).contains("system:node:n1", "app=shop", "Approved,Issued");
		assertThat(kubectl(0, "delete", "csr", "good", "bad")).contains("\"good\" deleted", "\"bad\" deleted");
		assertThat(this.controlPlane.certificateSigningRequests()).isEmpty();
	}

	private String kubectl(int exit, String... arguments) throws Exception {
		Path kubeconfig = this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin());
		List<String> command = new ArrayList<>(List.of("kubectl", "--kubeconfig", kubeconfig.toString(), "--cache-dir",
				this.directory.resolve("cache").toString()));
		command.addAll(List.of(arguments));
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes());
		assertThat(process.waitFor()).as(output).isEqualTo(exit);
		return output.strip();
	}

}
