package io.kubelet.cert.kubernetes.internal.signing;

import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiClient;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link KubernetesSigners}: one client, its threads, and its end.
 *
 * @see KubernetesSigners
 * @see ApiClientProvider
 */
class KubernetesSignersTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	private final EmbeddedControlPlane controlPlane = this.adapter.controlPlane;

	@Test
	void attemptsShareOneClientWhoseConnectionsSendAtOnce() {
		assertThat(this.controlPlane.connections()).isZero();
		List<Boolean> noDelays = Adapter.noDelays(this.adapter.client);
		for (int attempt = 0; attempt < 3; attempt++) {
			assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		}
		assertThat(noDelays).as("TCP_NODELAY of creations and watches").hasSizeGreaterThan(3).containsOnly(true);
		// One connection for what is short, and those that a watch was broken off on
		assertThat(this.controlPlane.connections()).isLessThanOrEqualTo(5);
	}

	@Test
	void threadsEndSoonAfterTheLastRequest() {
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		awaitNoThread();
	}

	@Test
	void closingEndsThreadsAndWatchesAtOnce() {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		this.adapter.disconnect();
		awaitNoThread();
	}

	@Test
	void credentialsThatAreUnknownAreReadAgainAtTheNextAttempt() {
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		this.controlPlane.removeToken(((Credential.Token) this.controlPlane.bootstrap()).token());
		Credential other = this.controlPlane.addToken("new", "system:node:one", "system:bootstrappers");
		Adapter.write(this.controlPlane.writeKubeconfig(this.adapter.directory), this.controlPlane.kubeconfig(other));
		assertThat(Adapter.failure(request())).returns(Kind.UNAUTHORIZED, Kind::of);
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
	}

	@Test
	void bootstrapKubeconfigThatIsGoneWhenItIsNeededIsNamedWithItsProperty() {
		Path gone = this.adapter.directory.resolve("gone");
		try (ApiClientProvider clients = bootstrapping(gone)) {
			assertThat(Adapter.failure(request(clients))).isInstanceOf(KubernetesConfigurationException.class)
				.hasMessageContainingAll(gone.toString(), "kubelet.cert.kubernetes.bootstrap-kubeconfig");
		}
	}

	/** The client holds the token. */
	@Test
	void bootstrapCredentialsAreGivenUpAsSoonAsTheyHaveBroughtACertificate() {
		Path bootstrap = this.controlPlane.writeKubeconfig(this.adapter.directory, this.controlPlane.bootstrap());
		try (ApiClientProvider clients = bootstrapping(bootstrap)) {
			WeakReference<ApiClient> client = new WeakReference<>(clients.supplier(() -> null).get());
			assertThat(request(clients)).succeedsWithin(Adapter.PATIENCE);
			assertThat(this.controlPlane.requests()).extracting(RecordedRequest::user)
				.containsOnly("system:bootstrap:abcdef");
			await().until(() -> {
				System.gc();
				return client.get() == null;
			});
		}
	}

	/** For a node whose kubeconfig contains no certificate yet. */
	private ApiClientProvider bootstrapping(Path bootstrap) {
		Path node = Adapter.write(this.adapter.directory.resolve("node"), "kind: Config");
		return new ApiClientProvider(new KubeconfigSource(node, null), bootstrap, null, Adapter::daemon,
				Adapter.NOT_FOLLOWED, Clock.systemUTC());
	}

	private void awaitNoThread() {
		await().until(() -> this.adapter.executor.getPoolSize() == 0);
	}

	private CompletableFuture<List<X509Certificate>> request() {
		return this.adapter.send(Adapter.newRequest());
	}

	private CompletableFuture<List<X509Certificate>> request(ApiClientProvider clients) {
		return KubernetesSigners.ofKubernetes(clients, Clock.systemUTC())
			.signer(null)
			.request(Adapter.newRequest(), this.adapter.progress::add);
	}

}
