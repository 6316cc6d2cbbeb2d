package io.kubelet.cert.kubernetes;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities in the key {@code ca.crt} of a ConfigMap, such as
 * {@code kube-root-ca.crt}, which the cluster keeps in each namespace. The ConfigMap is
 * watched from the first reading, which requires {@code list} and {@code watch} on it.
 */
public final class ConfigMapAuthorities implements AutoCloseable {

	/** How long the first reading waits for the API server. */
	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final String KEY = "ca.crt";

	private final String description;

	private final Duration patience;

	private final FollowedObject<V1ConfigMap> followed;

	private final CompletableFuture<@Nullable Void> answered = new CompletableFuture<>();

	/**
	 * Creates a source.
	 * @param namespace the namespace
	 * @param name the name of the ConfigMap
	 * @param clients returns the client to use; called for each connection
	 * @param executor runs the watch until this is closed
	 * @param clock the clock
	 */
	public ConfigMapAuthorities(String namespace, String name, Supplier<ApiClient> clients, Executor executor,
			Clock clock) {
		this(namespace, name, clients, executor, clock, PATIENCE);
	}

	ConfigMapAuthorities(String namespace, String name, Supplier<ApiClient> clients, Executor executor, Clock clock,
			Duration patience) {
		this.description = "The ConfigMap " + namespace + "/" + name;
		this.patience = patience;
		this.followed = new FollowedObject<>(
				Selection.byName(V1ConfigMap.class, "/api/v1/namespaces/" + namespace + "/configmaps", name),
				this.description, "list and watch on the ConfigMap are needed", (state) -> {
					if (state.answered()) {
						this.answered.complete(null);
					}
				}, clients, executor, clock);
	}

	/**
	 * Returns a source of trust in exactly these authorities.
	 * @param wait whether the first reading waits for the API server, up to 30 seconds
	 * @return the source; reading it throws a {@link KubernetesConfigurationException} if
	 * the authorities are not known
	 */
	public TrustSource source(boolean wait) {
		return () -> read(wait);
	}

	private TrustSource.Reading read(boolean wait) {
		this.followed.state();
		if (wait) {
			awaitAnswer();
		}
		Content content = content();
		if (content.pem == null) {
			String problem = this + " cannot be read: " + content.problem;
			throw this.answered.isDone() ? new KubernetesConfigurationException(problem)
					: KubernetesConfigurationException.unanswered(problem);
		}
		try {
			return new TrustSource.Reading(this, content, this::content,
					Trust.exactly(Pem.readCertificates(content.pem)));
		}
		catch (MalformedPemException ex) {
			throw new KubernetesConfigurationException(this + " must contain the certificates of the authorities under "
					+ KEY + " in PEM form: " + ex.getMessage());
		}
	}

	/** If the first answer does not come in time, later readings do not wait. */
	private void awaitAnswer() {
		try {
			this.answered.get(this.patience.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			this.answered.complete(null);
		}
	}

	private Content content() {
		FollowedObject.State<V1ConfigMap> state = this.followed.state();
		V1ConfigMap configMap = state.object();
		if (configMap == null) {
			return new Content(null, state.problem());
		}
		Map<String, String> data = configMap.getData();
		return new Content((data != null) ? data.get(KEY) : null, "it has no key " + KEY);
	}

	@Override
	public void close() {
		this.followed.close();
		this.answered.complete(null);
	}

	@Override
	public String toString() {
		return this.description;
	}

	/** Two states of the ConfigMap with the same content are the same version. */
	private record Content(@Nullable String pem, String problem) {

	}

}
