package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * A credential plug-in in a kubeconfig: a program that prints an {@code ExecCredential},
 * as with {@code kubectl}. Its output is secret, so no message repeats it, and its
 * standard error is discarded.
 */
final class CredentialPlugIn {

	private static final String GROUP = "client.authentication.k8s.io/";

	private static final List<String> VERSIONS = List.of(GROUP + "v1", GROUP + "v1beta1");

	private static final int MAXIMUM_BYTES = 1024 * 1024;

	private final KubeconfigFile kubeconfig;

	private final Map<?, ?> exec;

	private final String command;

	private final String apiVersion;

	private @Nullable Process process;

	private boolean ended;

	/**
	 * Creates a plug-in, which is not started yet.
	 * @param kubeconfig the kubeconfig
	 * @param exec the entry {@code exec} of the user
	 */
	CredentialPlugIn(KubeconfigFile kubeconfig, Map<?, ?> exec) {
		this.kubeconfig = kubeconfig;
		this.exec = exec;
		this.command = required("command");
		this.apiVersion = required("apiVersion");
		if (!VERSIONS.contains(this.apiVersion)) {
			throw problem("has an apiVersion that is not supported: use one of " + VERSIONS);
		}
	}

	/**
	 * Runs the plug-in without a time limit.
	 * @param started accepts the plug-in before it is started, to {@linkplain #end()
	 * terminate} it
	 * @return the credentials
	 * @throws KubernetesConfigurationException if it cannot be started, fails or prints
	 * anything else
	 */
	Credentials run(Consumer<CredentialPlugIn> started) {
		started.accept(this);
		try {
			Process process = start();
			process.getOutputStream().close();
			String output = read(process.getInputStream());
			int exitCode = process.waitFor();
			if (exitCode != 0) {
				throw problem("failed with exit code " + exitCode
						+ ". Run it by hand, as the user of this process, to see its messages");
			}
			return credentials(output);
		}
		catch (IOException ex) {
			throw problem("was terminated before its output was read");
		}
		catch (InterruptedException ex) {
			end();
			Thread.currentThread().interrupt();
			throw problem("was interrupted");
		}
	}

	/** Terminates the plug-in and its child processes immediately and permanently. */
	synchronized void end() {
		this.ended = true;
		if (this.process != null) {
			Stream.concat(this.process.descendants(), Stream.of(this.process.toHandle()))
				.toList()
				.forEach(ProcessHandle::destroyForcibly);
		}
	}

	private synchronized Process start() {
		if (this.ended) {
			throw problem("was terminated before it was started");
		}
		ProcessBuilder builder = new ProcessBuilder(commandLine()).redirectError(ProcessBuilder.Redirect.DISCARD);
		builder.environment()
			.put("KUBERNETES_EXEC_INFO", "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" + this.apiVersion
					+ "\",\"spec\":{\"interactive\":false}}");
		entries("env").filter(Map.class::isInstance)
			.map((entry) -> (Map<?, ?>) entry)
			.forEach((entry) -> builder.environment()
				.put(String.valueOf(entry.get("name")), String.valueOf(entry.get("value"))));
		try {
			Process process = builder.start();
			this.process = process;
			return process;
		}
		catch (IOException ex) {
			throw problem("cannot be started: it does not exist, or the user of this process may not execute it. "
					+ "Install it, or correct its path in the kubeconfig");
		}
	}

	/** A path is relative to the kubeconfig; a name is looked up in the PATH. */
	private List<String> commandLine() {
		List<String> line = new ArrayList<>();
		boolean path = this.command.contains("/") || this.command.contains("\\");
		line.add(path ? this.kubeconfig.sibling(this.command).normalize().toString() : this.command);
		entries("args").map(String::valueOf).forEach(line::add);
		return line;
	}

	private static String read(InputStream output) throws IOException {
		try (output) {
			return new String(output.readNBytes(MAXIMUM_BYTES), StandardCharsets.UTF_8);
		}
	}

	private Credentials credentials(String output) {
		JsonObject credential = ApiObjects.ofKind(output, "ExecCredential");
		if (credential == null) {
			throw problem("did not print an ExecCredential. Set its arguments so that it prints one of apiVersion "
					+ this.apiVersion + ": a token alone is not enough");
		}
		if (!this.apiVersion.equals(ApiObjects.text(credential, "apiVersion"))) {
			throw problem("printed an ExecCredential of another apiVersion than %s, which the kubeconfig requests"
				.formatted(this.apiVersion));
		}
		JsonObject content = ApiObjects.member(credential, "status");
		String token = ApiObjects.text(content, "token");
		String certificate = ApiObjects.text(content, "clientCertificateData");
		String key = ApiObjects.text(content, "clientKeyData");
		if (certificate != null && key != null) {
			try {
				return Credentials.ofPair(Pem.readPair(certificate, key));
			}
			catch (MalformedPemException ex) {
				throw problem(
						"printed an ExecCredential whose clientCertificateData and clientKeyData do not belong together");
			}
		}
		if (token == null || token.isEmpty()) {
			throw problem("printed an ExecCredential without a token and without a client certificate");
		}
		if (!TokenFile.isToken(token)) {
			throw problem("printed a token with invalid characters, such as a line break");
		}
		return Credentials.ofToken(() -> token);
	}

	private String required(String name) {
		if (this.exec.get(name) instanceof String text) {
			return text;
		}
		throw new KubernetesConfigurationException("The %s has a credential plug-in ('exec') without '%s'"
			.formatted(this.kubeconfig.describeUser(), name));
	}

	private Stream<?> entries(String name) {
		return (this.exec.get(name) instanceof List<?> entries) ? entries.stream() : Stream.empty();
	}

	private KubernetesConfigurationException problem(String problem) {
		return new KubernetesConfigurationException(this + " " + problem);
	}

	@Override
	public String toString() {
		return "The credential plug-in '%s' of the %s".formatted(this.command, this.kubeconfig.describeUser());
	}

}
