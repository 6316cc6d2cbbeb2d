package io.kubelet.cert.kubernetes.internal.signing;

import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link KubernetesSigners}: one client, its threads, and its end.
 */
class KubernetesSignersTests {

	@TempDir
	Path directory;

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ThreadGroup threads = new ThreadGroup("signers");

	private ApiClientProvider access;

	private KubernetesSigners signers;

	private Path kubeconfig;

	@BeforeEach
	void create() {
		ThreadFactory factory = (task) -> {
			Thread thread = new Thread(this.threads, task, "signers");
			thread.setDaemon(true);
			return thread;
		};
		this.kubeconfig = this.controlPlane.writeKubeconfig(this.directory);
		this.access = new ApiClientProvider(this.kubeconfig, null, null, factory, Clock.systemUTC());
		this.signers = new KubernetesSigners(new CertificateSigningRequests(), this.access, Clock.systemUTC());
	}

	@AfterEach
	void close() {
		this.signers.close();
		this.access.close();
	}

	@Test
	void attemptsShareOneClientWhoseConnectionsSendAtOnce() {
		assertThat(this.threads.activeCount()).isZero();
		assertThat(this.controlPlane.connections()).isZero();
		List<Boolean> noDelays = Adapter.noDelays(this.access.supplier(() -> null).get());
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
		await().until(() -> this.threads.activeCount() == 0);
	}

	@Test
	void closingEndsThreadsAndWatchesAtOnce() {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		close();
		await().until(() -> this.threads.activeCount() == 0);
	}

	@Test
	void whoeverWaitsWithRefusedCredentialsGoesOnToUntilClosing() {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> waiting = request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		this.controlPlane.faults().next(1, RecordedRequest::isCreate).answer(401);
		assertThat(request()).failsWithin(Adapter.PATIENCE);
		assertThat(waiting).isNotDone();
		close();
		await().until(() -> this.threads.activeCount() == 0);
	}

	@Test
	void credentialsThatAreUnknownAreReadAgainAtTheNextAttempt() throws Exception {
		this.controlPlane.addToken("old", "system:node:one", "system:bootstrappers");
		Files.writeString(this.kubeconfig, Files.readString(this.kubeconfig).replaceFirst("token: .*", "token: old"));
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		this.controlPlane.removeToken("old");
		this.controlPlane.addToken("new", "system:node:one", "system:bootstrappers");
		Files.writeString(this.kubeconfig, Files.readString(this.kubeconfig).replace("token: old", "token: new"));
		assertThat(request()).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.havingCause()
			.returns(Kind.UNAUTHORIZED, Kind::of);
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
	}

	@Test
	void bootstrapKubeconfigThatIsGoneWhenItIsNeededIsNamedWithItsProperty() throws Exception {
		Path gone = this.directory.resolve("gone");
		Files.writeString(this.kubeconfig, this.controlPlane.kubeconfig(Credential.token("none", "none")));
		try (KubernetesSigners node = new KubernetesSigners(new CertificateSigningRequests(),
				new ApiClientProvider(this.kubeconfig, gone, null, Thread::new, Clock.systemUTC()),
				Clock.systemUTC())) {
			assertThat(request(node)).failsWithin(Adapter.PATIENCE)
				.withThrowableThat()
				.withCauseInstanceOf(KubernetesConfigurationException.class)
				.withMessageContainingAll(gone.toString(), "kubelet.cert.kubernetes.bootstrap-kubeconfig");
		}
	}

	/** The client holds the token. */
	@Test
	void bootstrapCredentialsAreGivenUpAsSoonAsTheyHaveBroughtACertificate() {
		Path bootstrap = this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.bootstrap());
		ApiClientProvider nodeAccess = new ApiClientProvider(this.directory.resolve("node"), bootstrap, null,
				Thread::new, Clock.systemUTC());
		try (KubernetesSigners node = new KubernetesSigners(new CertificateSigningRequests(), nodeAccess,
				Clock.systemUTC())) {
			// A kubeconfig without a certificate, as it is written before there is one
			assertThat(this.directory.resolve("node")).satisfies((file) -> Files.writeString(file, "kind: Config"));
			WeakReference<ApiClient> client = new WeakReference<>(nodeAccess.supplier(() -> null).get());
			assertThat(request(node)).succeedsWithin(Adapter.PATIENCE);
			assertThat(this.controlPlane.requests()).extracting(RecordedRequest::user)
				.containsOnly("system:bootstrap:abcdef");
			await().until(() -> {
				System.gc();
				return client.get() == null;
			});
		}
	}

	private CompletableFuture<List<X509Certificate>> request() {
		return request(this.signers);
	}

	private static CompletableFuture<List<X509Certificate>> request(KubernetesSigners signers) {
		return signers.signer(null).request(Adapter.newRequest(), (submitted) -> {
		});
	}

}
