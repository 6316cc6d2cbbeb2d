package io.kubelet.cert.kubernetes;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import com.google.gson.reflect.TypeToken;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.util.Watch;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate authorities in the key {@code ca.crt} of a ConfigMap, such as
 * {@code kube-root-ca.crt}, which the cluster keeps in each namespace. It is watched from
 * when they are first asked for; whatever goes wrong then, what it last held stays. That
 * takes {@code list} and {@code watch} on the ConfigMap.
 */
public final class ConfigMapAuthorities implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(ConfigMapAuthorities.class);

	/** As long as there has been no answer at all. */
	private static final Content UNANSWERED = new Content(null, "the API server has not answered yet");

	private static final String KEY = "ca.crt";

	/** A watch that is cut now and then is not worth a word. */
	private static final int FAILURES_TO_TELL = 3;

	private final String namespace;

	private final String name;

	private final Executor executor;

	private final Duration patience;

	private final ObjectWatch<V1ConfigMap, V1ConfigMapList> watch;

	private final CompletableFuture<@Nullable Void> answered = new CompletableFuture<>();

	private volatile Content content = UNANSWERED;

	/**
	 * Create a source.
	 * @param namespace the namespace
	 * @param name the name of the ConfigMap
	 * @param clients asked for the client at each connection
	 * @param executor runs the watch, for as long as this is open
	 * @param clock the clock
	 * @param patience for how long the server may be away when it is first asked
	 */
	ConfigMapAuthorities(String namespace, String name, Supplier<ApiClient> clients, Executor executor, Clock clock,
			Duration patience) {
		this.namespace = namespace;
		this.name = name;
		this.executor = executor;
		this.patience = patience;
		this.watch = new ObjectWatch<>(new ObjectWatch.Query<>(new TypeToken<V1ConfigMapList>() {
		}, new TypeToken<Watch.Response<V1ConfigMap>>() {
		}, this::call), new Observer(), clients, clock, null);
	}

	/**
	 * Read the authorities. The first call waits up to 30 seconds for the server, through
	 * whatever keeps it from an answer.
	 * @return the authorities
	 * @throws KubernetesConfigurationException if the ConfigMap cannot be read, or holds
	 * none
	 */
	public Snapshot read() {
		this.watch.start(this.executor);
		awaitAnswer();
		return snapshot();
	}

	/**
	 * Read the authorities as far as they are known now, and begin to ask for them.
	 * @return the authorities
	 * @throws NoAnswerYetException as long as the server has not answered
	 * @throws KubernetesConfigurationException as for {@link #read()}
	 */
	public Snapshot readAtOnce() {
		this.watch.start(this.executor);
		return snapshot();
	}

	private Snapshot snapshot() {
		Content content = this.content;
		if (content.pem == null) {
			String problem = this + " cannot be read: " + content.problem;
			throw (content == UNANSWERED) ? new NoAnswerYetException(problem)
					: new KubernetesConfigurationException(problem);
		}
		try {
			return new Snapshot(content, Pem.readCertificates(content.pem));
		}
		catch (MalformedPemException ex) {
			throw new KubernetesConfigurationException(this + " is to hold the certificates of the authorities under "
					+ KEY + " in PEM form: " + ex.getMessage());
		}
	}

	/**
	 * Return what tells one state of the ConfigMap from another. The server is not asked.
	 * @return the version
	 */
	public Object version() {
		return this.content;
	}

	@Override
	public void close() {
		this.watch.close();
		this.answered.complete(null);
	}

	@Override
	public String toString() {
		return "The ConfigMap " + this.namespace + "/" + this.name;
	}

	/** Patience that is used up once is not had again. */
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

	private Call call(ApiClient client, @Nullable String resourceVersion, @Nullable Integer seconds)
			throws ApiException {
		return new CoreV1Api(client).listNamespacedConfigMap(this.namespace)
			.fieldSelector("metadata.name=" + this.name)
			.watch(seconds != null)
			.allowWatchBookmarks(seconds != null)
			.resourceVersion(resourceVersion)
			.timeoutSeconds(seconds)
			.buildCall(null);
	}

	/**
	 * What the ConfigMap held.
	 *
	 * @param version the {@link #version() version} that was read
	 * @param certificates the authorities
	 */
	public record Snapshot(Object version, List<X509Certificate> certificates) {

	}

	private record Content(@Nullable String pem, String problem) {

	}

	private final class Observer implements WatchObserver<V1ConfigMap> {

		@Override
		public void listed(List<V1ConfigMap> configMaps) {
			if (configMaps.isEmpty()) {
				take(new Content(null, "there is no such ConfigMap"));
			}
			configMaps.forEach(this::changed);
		}

		@Override
		public void changed(V1ConfigMap configMap) {
			Map<String, String> data = configMap.getData();
			take(new Content((data != null) ? data.get(KEY) : null, "it has no key " + KEY));
		}

		@Override
		public void deleted(V1ConfigMap configMap) {
			take(new Content(null, "it has been deleted"));
		}

		/** What was read stays. It is no answer: a server that is away may come back. */
		@Override
		public void interrupted(String problem, int times) {
			if (ConfigMapAuthorities.this.content.pem == null) {
				ConfigMapAuthorities.this.content = new Content(null, problem);
			}
			if (times == FAILURES_TO_TELL) {
				logger.warn("{} cannot be followed for now: {}", ConfigMapAuthorities.this, problem);
			}
		}

		@Override
		public void refused(ApiException answer, int times) {
			interrupted(ApiFailures.refusal(answer, "it takes list and watch on the ConfigMap"), times);
			ConfigMapAuthorities.this.answered.complete(null);
		}

		private void take(Content content) {
			ConfigMapAuthorities.this.content = content;
			ConfigMapAuthorities.this.answered.complete(null);
		}

	}

}
