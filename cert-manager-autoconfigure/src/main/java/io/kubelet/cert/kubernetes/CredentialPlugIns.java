package io.kubelet.cert.kubernetes;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * The credential plug-ins that kubeconfigs name. The client library waits for them
 * without a limit of time, and where no interrupt reaches it.
 */
final class CredentialPlugIns {

	private CredentialPlugIns() {
	}

	/**
	 * End the plug-in of a kubeconfig, if this process runs it.
	 * @param kubeconfig the kubeconfig
	 * @param context the context, {@code null} for the current one
	 * @throws KubernetesConfigurationException if the kubeconfig cannot be read
	 */
	static void end(Path kubeconfig, @Nullable String context) {
		if (KubeconfigFile.read(kubeconfig, context).user().get("exec") instanceof Map<?, ?> exec
				&& exec.get("command") instanceof String command) {
			List<String> arguments = (exec.get("args") instanceof List<?> args)
					? args.stream().map(String::valueOf).toList() : List.of();
			ProcessHandle.current()
				.children()
				.filter((child) -> runs(child.info(), new File(command).getName(), arguments))
				.forEach(CredentialPlugIns::end);
		}
	}

	/** A script stands behind its interpreter. */
	private static boolean runs(ProcessHandle.Info process, String program, List<String> arguments) {
		List<String> words = Stream
			.concat(process.command().stream(), process.arguments().map(Stream::of).orElseGet(Stream::empty))
			.toList();
		int start = words.size() - arguments.size();
		return start > 0 && new File(words.get(start - 1)).getName().equals(program)
				&& words.subList(start, words.size()).equals(arguments);
	}

	/** With what it has started, which holds what is read from as well. */
	private static void end(ProcessHandle plugIn) {
		Stream.concat(plugIn.descendants(), Stream.of(plugIn)).toList().forEach(ProcessHandle::destroyForcibly);
	}

}
