package io.kubelet.cert.kubernetes.internal.watch;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.watch.PublishedAuthorities.Place;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TrustBundles;
import io.kubernetes.client.openapi.ApiClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The authorities in ClusterTrustBundles, in the versions of the API and through all that
 * happens to a watch.
 *
 * @see PublishedAuthorities
 */
class TrustBundleAuthoritiesTests {

	private static final TestAuthority A = new TestAuthority("a");

	private static final TestAuthority B = new TestAuthority("b");

	private static final TestAuthority C = new TestAuthority("c");

	private static final Duration PATIENCE = Duration.ofMinutes(2);

	private final AtomicInteger reads = new AtomicInteger();

	@AutoClose
	private final Adapter adapter = new Adapter();

	private final EmbeddedControlPlane controlPlane = this.adapter.controlPlane;

	private TrustBundles bundles;

	private ApiClient client;

	private PublishedAuthorities authorities;

	@BeforeEach
	void connect() {
		this.bundles = new TrustBundles(this.controlPlane, this.adapter.directory, "v1");
		this.client = Adapter.client(
				this.controlPlane.writeKubeconfig(this.adapter.directory, this.controlPlane.addToken("token", "app")));
		this.authorities = authoritiesIn(Place.trustBundle("shop"));
	}

	@AfterEach
	void close() {
		this.authorities.close();
	}

	/** As in the volume that the kubelet projects. */
	@Test
	void bundlesOfASignerAreMergedWithoutDuplicates() throws Exception {
		permit();
		this.bundles.create("example.com:shop:2", Map.of("stage", "live"), B, A);
		this.bundles.create("example.com:shop:1", Map.of("stage", "live"), A);
		this.bundles.create("example.com:shop:3", Map.of("stage", "test"), C);
		this.bundles.create("example.com:toys:1", Map.of("stage", "live"), C);
		assertThat(read(Place.trustBundles("example.com/shop", "stage=live"))).containsExactly(certificates(A, B));
		assertThat(read(Place.trustBundles("example.com/shop", ""))).containsExactly(certificates(A, B, C));
	}

	@Test
	void changesAreSeenWithoutAsking() throws Exception {
		permit();
		this.bundles.create("example.com:shop:1", Map.of(), A);
		this.authorities = authoritiesIn(Place.trustBundles("example.com/shop", ""));
		LiveTrust trust = liveTrust();
		assertThat(trust.get().authorities()).containsExactly(certificates(A));
		awaitWatch();
		assertThat(trust.get().authorities()).containsExactly(certificates(A));
		assertThat(this.reads).hasValue(1);
		this.bundles.create("example.com:shop:2", Map.of(), B);
		awaitTrust(trust, A, B);
		this.bundles.replace("example.com:shop:2", C);
		awaitTrust(trust, A, C);
		this.bundles.delete("example.com:shop:1");
		awaitTrust(trust, C);
		this.bundles.delete("example.com:shop:2");
		Awaitility.await().untilAsserted(() -> assertFails("it does not exist any more"));
		awaitTrust(trust, C);
		assertThat(requests("v1")).hasSize(2);
	}

	@ParameterizedTest
	@CsvSource({ "v1, 0", "v1beta1, 1" })
	void versionThatIsServedIsUsed(String version, int notFound) throws Exception {
		restrictTo(version);
		permit();
		this.bundles.create("shop", Map.of(), A);
		assertThat(read()).containsExactly(certificates(A));
		awaitWatch();
		assertThat(requests("")).hasSize(notFound + 2);
		assertThat(requests(version)).hasSize(2);
	}

	/** As by an upgrade of the cluster. */
	@Test
	void versionThatIsNoLongerServedIsReplacedByAnother() throws Exception {
		restrictTo("v1beta1");
		permit();
		this.bundles.create("shop", Map.of(), A);
		assertThat(read()).containsExactly(certificates(A));
		awaitWatch();
		assertThat(requests("v1beta1")).hasSize(2);
		this.controlPlane.faults().clear();
		restrictTo("v1");
		this.controlPlane.faults().cutWatches();
		Awaitility.await().until(() -> requests("v1").stream().anyMatch(RecordedRequest::isWatch));
		this.bundles.replace("shop", B);
		Awaitility.await().untilAsserted(() -> assertThat(read()).containsExactly(certificates(B)));
	}

	/**
	 * If the permission is missing, it forbids what it does not serve: discovery says so.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void clusterThatServesNoVersionIsToldEvenIfThePermissionIsMissing(boolean permitted) {
		restrictTo("none");
		if (permitted) {
			permit();
		}
		assertFails("the API server answers 404",
				"the cluster serves ClusterTrustBundle neither as certificates.k8s.io/v1 (Kubernetes 1.37) nor as "
						+ "v1beta1 (from 1.33, with the feature gate ClusterTrustBundle");
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.withMessageNotContaining("ClusterRole");
	}

	@Test
	void labelSelectorThatIsNotValidIsTold() {
		permit();
		this.authorities = authoritiesIn(Place.trustBundles("example.com/shop", "a b"));
		assertFails("The ClusterTrustBundle of signer example.com/shop with labels a b cannot be read: the API server "
				+ "answers 400", "the name or the label selector is not valid");
	}

	private void permit() {
		this.controlPlane.allow("app", Set.of("list", "watch"), "clustertrustbundles");
	}

	/** Requests of the application for other versions lead nowhere. */
	private void restrictTo(String version) {
		this.controlPlane.faults()
			.next(Integer.MAX_VALUE,
					(request) -> request.user().equals("app") && request.path().contains("clustertrustbundles")
							&& !request.path().contains("/" + version + "/"))
			.answer(404);
	}

	private void assertFails(String... messages) {
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.withMessageContainingAll(messages);
	}

	private List<X509Certificate> read() {
		return read(this.authorities);
	}

	private List<X509Certificate> read(Place place) {
		try (PublishedAuthorities authorities = authoritiesIn(place)) {
			return read(authorities);
		}
	}

	private static List<X509Certificate> read(PublishedAuthorities authorities) {
		authorities.version(PATIENCE);
		return authorities.read().authorities();
	}

	private PublishedAuthorities authoritiesIn(Place place) {
		return new PublishedAuthorities(place, () -> this.client, this.adapter.executor);
	}

	private List<RecordedRequest> requests(String version) {
		return this.controlPlane.requests()
			.stream()
			.filter((request) -> request.user().equals("app") && request.path().contains(version + "/clustertrust"))
			.toList();
	}

	private void awaitWatch() {
		Awaitility.await().until(() -> this.controlPlane.openWatches() == 1);
	}

	private LiveTrust liveTrust() {
		PublishedAuthorities authorities = this.authorities;
		return new LiveTrust("", new TrustSource(() -> authorities, () -> authorities.version(PATIENCE), () -> {
			this.reads.incrementAndGet();
			return authorities.read();
		}, Map::of, authorities::onChange));
	}

	private static void awaitTrust(LiveTrust trust, TestAuthority... expected) {
		Awaitility.await()
			.untilAsserted(() -> assertThat(trust.get().authorities()).containsExactly(certificates(expected)));
	}

	private static X509Certificate[] certificates(TestAuthority... authorities) {
		return Arrays.stream(authorities).map(TestAuthority::certificate).toArray(X509Certificate[]::new);
	}

}
