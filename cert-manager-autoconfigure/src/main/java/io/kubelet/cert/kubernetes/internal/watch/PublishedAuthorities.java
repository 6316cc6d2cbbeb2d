package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.InterruptedStartException;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities in objects of the API. The objects are watched from the
 * first reading, which requires {@code list} and {@code watch} on them.
 */
public final class PublishedAuthorities implements AutoCloseable {

	private final Place place;

	private final Informer informer;

	private final CompletableFuture<@Nullable Void> answered = new CompletableFuture<>();

	private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

	/**
	 * Creates a source.
	 * @param place where the authorities are
	 * @param clients returns the client to use; called for each connection
	 * @param executor runs the watch until this is closed
	 */
	public PublishedAuthorities(Place place, Supplier<ApiClient> clients, Executor executor) {
		this.place = place;
		this.informer = new Informer(place.selection, place.description, place.remedy, (state) -> {
			if (!state.isPending()) {
				this.answered.complete(null);
			}
			this.listeners.forEach(Runnable::run);
		}, clients, executor);
	}

	/**
	 * Returns a value that changes when the objects do.
	 * @param patience how long the first call waits for the API server; zero if it does
	 * not wait
	 * @return the version
	 */
	public Object version(Duration patience) {
		if (!patience.isZero() && !this.answered.isDone()) {
			this.informer.state();
			awaitAnswer(patience);
		}
		return this.informer.state().objects();
	}

	/**
	 * Returns why it is not known whether the objects have changed since the last
	 * reading.
	 * @return the problem, {@code null} if they are watched
	 */
	public @Nullable String problem() {
		String problem = this.informer.state().summary();
		return problem.isEmpty() ? null : "The %s cannot be watched for now: %s".formatted(this, problem);
	}

	/**
	 * Calls a listener when the objects may have changed, on the thread of the watch.
	 * @param listener must not block
	 */
	public void onChange(Runnable listener) {
		this.listeners.add(listener);
	}

	/**
	 * Returns trust in exactly these authorities, each of them once.
	 * @return the trust
	 * @throws KubernetesConfigurationException if the authorities are not known
	 */
	public Trust read() {
		Informer.State state = this.informer.state();
		List<String> pems = state.objects()
			.stream()
			.map((object) -> ApiObjects.member(object, this.place.member))
			.flatMap((content) -> Stream.ofNullable(ApiObjects.text(content, this.place.key)))
			.toList();
		if (pems.isEmpty() || pems.size() < state.objects().size()) {
			String problem = state.objects().isEmpty() ? state.problem() : "it has no key " + this.place.key;
			throw new KubernetesConfigurationException(state.kind(),
					"The %s cannot be read: %s".formatted(this, problem));
		}
		try {
			return Trust.exactly(pems.stream().flatMap((pem) -> Pem.readCertificates(pem).stream()).toList());
		}
		catch (MalformedPemException ex) {
			throw new KubernetesConfigurationException(
					"The %s must contain the certificates of the authorities under %s in PEM form: %s".formatted(this,
							this.place.key, ex.getMessage()));
		}
	}

	/** If the first answer does not come in time, later calls do not wait. */
	private void awaitAnswer(Duration patience) {
		try {
			// A shutdown interrupts a start that waits, but not one in a wait with a time
			// limit
			this.answered.completeOnTimeout(null, patience.toMillis(), TimeUnit.MILLISECONDS).get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedStartException("the " + this, ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.informer.close();
		this.answered.complete(null);
	}

	@Override
	public String toString() {
		return this.place.description;
	}

	/**
	 * Where authorities are published.
	 *
	 * @param description describes the objects, such as {@code ConfigMap a/b}
	 * @param selection selects the objects
	 * @param member the member of an object that contains the key
	 * @param key the key whose value is the PEM with the authorities
	 * @param remedy as for {@link Informer}
	 */
	public record Place(String description, Selection selection, String member, String key,
			IntFunction<String> remedy) {

		/** Version v1 exists since Kubernetes 1.37. */
		private static final String[] TRUST_BUNDLES = { "/apis/certificates.k8s.io/v1/clustertrustbundles",
				"/apis/certificates.k8s.io/v1beta1/clustertrustbundles" };

		/**
		 * Returns a key of a ConfigMap, such as {@code ca.crt} of
		 * {@code kube-root-ca.crt}, which the cluster keeps in each namespace.
		 * @param namespace the namespace
		 * @param name the name of the ConfigMap
		 * @param key the key
		 * @return the place
		 */
		public static Place configMap(String namespace, String name, String key) {
			return new Place("ConfigMap " + namespace + "/" + name,
					Selection.byName(name, "/api/v1/namespaces/" + namespace + "/configmaps"), "data", key,
					(status) -> "list and watch on the ConfigMap are needed");
		}

		/**
		 * Returns a ClusterTrustBundle.
		 * @param name its name
		 * @return the place
		 */
		public static Place trustBundle(String name) {
			return ofTrustBundles("ClusterTrustBundle " + name, Selection.byName(name, TRUST_BUNDLES));
		}

		/**
		 * Returns the ClusterTrustBundles of a signer, merged as the kubelet merges them
		 * for a volume.
		 * @param signer the name of the signer
		 * @param labels a label selector, empty for all of the signer
		 * @return the place
		 */
		public static Place trustBundles(String signer, String labels) {
			Map<String, String> selectors = new LinkedHashMap<>();
			selectors.put(Selection.FIELDS, "spec.signerName=" + signer);
			if (!labels.isEmpty()) {
				selectors.put(Selection.LABELS, labels);
			}
			return ofTrustBundles(
					"ClusterTrustBundle of signer " + signer + (labels.isEmpty() ? "" : " with labels " + labels),
					new Selection(List.of(TRUST_BUNDLES), selectors));
		}

		private static Place ofTrustBundles(String description, Selection selection) {
			return new Place(description, selection, "spec", "trustBundle", Place::remedyOfTrustBundles);
		}

		private static String remedyOfTrustBundles(int status) {
			return switch (status) {
				case 400 -> "the name or the label selector is not valid";
				case 404 -> "the cluster serves ClusterTrustBundle neither as certificates.k8s.io/v1 (Kubernetes 1.37) "
						+ "nor as v1beta1 (from 1.33, with the feature gate ClusterTrustBundle and the API server's "
						+ "option --runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true)";
				default -> "list and watch on clustertrustbundles in API group certificates.k8s.io are needed, such as "
						+ "by the ClusterRole system:cluster-trust-bundle-discovery, in a cluster that serves them";
			};
		}

	}

}
