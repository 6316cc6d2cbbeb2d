package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * A credential plug-in in a kubeconfig: a program that prints an {@code ExecCredential},
 * as with {@code kubectl}. Its output is secret, so no message repeats it, and its
 * standard error is discarded.
 */
final class CredentialPlugIn {

	/** Beyond this, it prints something else than credentials. */
	private static final int MAXIMUM_BYTES = 1024 * 1024;

	private final KubeconfigFile kubeconfig;

	private final Map<?, ?> exec;

	private final String command;

	private final String apiVersion;

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
	}

	/**
	 * Runs the plug-in.
	 * @param limit after this time, or when this thread is interrupted, it is terminated
	 * with its child processes
	 * @return the credentials
	 * @throws KubernetesConfigurationException if it cannot be started, fails or prints
	 * anything else
	 */
	Credentials run(Duration limit) {
		Process process = start();
		// On a thread of its own, because only a wait for it can be interrupted
		FutureTask<byte[]> output = new FutureTask<>(() -> {
			byte[] printed = process.getInputStream().readNBytes(MAXIMUM_BYTES + 1);
			if (printed.length <= MAXIMUM_BYTES) {
				process.waitFor();
			}
			return printed;
		});
		try {
			new Thread(output, "credential-plug-in").start();
			process.getOutputStream().close();
			byte[] printed = output.get(limit.toMillis(), TimeUnit.MILLISECONDS);
			if (printed.length > MAXIMUM_BYTES) {
				throw problem(
						"printed more than 1 MiB and was terminated. Run it by hand, as the user of this process, "
								+ "to see what it prints");
			}
			if (process.exitValue() != 0) {
				throw failure("failed with exit code " + process.exitValue()
						+ ". Run it by hand, as the user of this process, to see its messages");
			}
			return credentials(new String(printed, StandardCharsets.UTF_8));
		}
		catch (TimeoutException ex) {
			throw failure("did not end within %s and was terminated. Run it by hand, as the user of this process, "
				.formatted(ReadableDuration.of(limit)) + "to see what it waits for");
		}
		catch (IOException | ExecutionException ex) {
			throw problem("cannot be used, because its output cannot be read");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw problem("was interrupted");
		}
		finally {
			terminate(process);
		}
	}

	private static void terminate(Process process) {
		Stream.concat(process.descendants(), Stream.of(process.toHandle()))
			.toList()
			.forEach(ProcessHandle::destroyForcibly);
	}

	private Process start() {
		ProcessBuilder builder = new ProcessBuilder(commandLine()).redirectError(ProcessBuilder.Redirect.DISCARD);
		Map<String, ?> spec = Boolean.TRUE.equals(this.exec.get("provideClusterInfo"))
				? Map.of("interactive", false, "cluster", this.kubeconfig.clusterInfo()) : Map.of("interactive", false);
		builder.environment()
			.put("KUBERNETES_EXEC_INFO",
					ApiObjects.object(Map.of("kind", "ExecCredential", "apiVersion", this.apiVersion, "spec", spec))
						.toString());
		entries("env").filter(Map.class::isInstance)
			.map((entry) -> (Map<?, ?>) entry)
			.forEach((entry) -> builder.environment()
				.put(String.valueOf(entry.get("name")), String.valueOf(entry.get("value"))));
		try {
			return builder.start();
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

	/**
	 * Reads what the plug-in prints.
	 * @throws KubernetesConfigurationException if it is anything else than credentials
	 */
	Credentials credentials(String output) {
		JsonObject credential = ApiObjects.ofKind(output, "ExecCredential");
		if (credential == null) {
			throw problem("did not print an ExecCredential. Set its arguments so that it prints one of apiVersion "
					+ this.apiVersion + ": a token alone is not enough");
		}
		JsonObject content = ApiObjects.member(credential, "status");
		Instant expiresAt = time(ApiObjects.text(content, "expirationTimestamp"));
		String token = ApiObjects.text(content, "token");
		String certificate = ApiObjects.text(content, "clientCertificateData");
		String key = ApiObjects.text(content, "clientKeyData");
		if (certificate != null && key != null) {
			try {
				return Credentials.ofPair(Pem.readPair(certificate, key)).expiringAt(expiresAt);
			}
			catch (MalformedPemException ex) {
				throw problem(
						"printed an ExecCredential whose clientCertificateData and clientKeyData do not belong together");
			}
		}
		if (token == null || token.isEmpty()) {
			throw problem("printed an ExecCredential without a token and without a client certificate");
		}
		Credentials.checked(token, this);
		return Credentials.ofToken(() -> token).expiringAt(expiresAt);
	}

	private @Nullable Instant time(@Nullable String timestamp) {
		try {
			return (timestamp != null) ? Instant.parse(timestamp) : null;
		}
		catch (DateTimeParseException ex) {
			throw problem("printed an ExecCredential whose expirationTimestamp is not a time");
		}
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

	/** What it asks may be out of reach for now, as the API server may be. */
	private KubernetesConfigurationException failure(String problem) {
		return new KubernetesConfigurationException(Kind.UNAVAILABLE, this + " " + problem);
	}

	private KubernetesConfigurationException problem(String problem) {
		return new KubernetesConfigurationException(this + " " + problem);
	}

	@Override
	public String toString() {
		return "The credential plug-in '%s' of the %s".formatted(ExternalText.clean(this.command),
				this.kubeconfig.describeUser());
	}

}
