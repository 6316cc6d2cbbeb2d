package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/**
 * How the API server is reached.
 *
 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
 * @param bootstrapKubeconfig the kubeconfig for the first request, {@code null} if there
 * is none
 * @param context the configured context, {@code null} for the current one
 */
public record ConnectionSettings(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig,
		@Nullable String context) {
}
