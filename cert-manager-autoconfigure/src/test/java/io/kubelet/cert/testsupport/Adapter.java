package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import okhttp3.Interceptor;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A signer with a control plane of its own, and the progress that it reports.
 */
public final class Adapter implements AutoCloseable {

	public static final String SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";

	/** Files that nothing replaces. */
	public static final FileChanges NOT_FOLLOWED = (files, look, late, delay) -> () -> {
	};

	public static final Duration PATIENCE = Duration.ofMinutes(2);

	public final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	public final List<SubmittedRequest> progress = new CopyOnWriteArrayList<>();

	public final ApiClient client;

	public final ThreadPoolExecutor executor;

	public final KubernetesSigners signers;

	public final CertificateSigner signer;

	private final ApiClientProvider clients;

	/** For kubeconfigs; deleted at the end. */
	public final Path directory = temporaryDirectory();

	public Adapter() {
		this.clients = clients(this.controlPlane.writeKubeconfig(this.directory));
		this.client = this.clients.supplier(() -> null).get();
		this.executor = (ThreadPoolExecutor) this.clients.executor();
		this.signers = KubernetesSigners.ofKubernetes(this.clients, Clock.systemUTC());
		this.signer = this.signers.signer(null);
	}

	private ApiClientProvider clients(Path kubeconfig) {
		return new ApiClientProvider(new KubeconfigSource(kubeconfig, null), null, null, Adapter::daemon, NOT_FOLLOWED,
				Clock.systemUTC());
	}

	public static Thread daemon(Runnable task) {
		Thread thread = new Thread(task, "adapter");
		thread.setDaemon(true);
		return thread;
	}

	public static void intercept(ApiClient client, Interceptor interceptor) {
		client.setHttpClient(client.getHttpClient().newBuilder().addInterceptor(interceptor).build());
	}

	/** Returns the signer of another process, which uses this kubeconfig. */
	public CertificateSigner signer(Path kubeconfig) {
		return KubernetesSigners.ofKubernetes(clients(kubeconfig), Clock.systemUTC()).signer(null);
	}

	public static ApiClient client(Path kubeconfig) {
		return TestClients.create(kubeconfig);
	}

	public static CertificateRequest newRequest() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return newRequest(RequestNaming.BY_KEY.name(keys.getPublic(), CertificateTemplate.ofSubject(null), List.of()),
				"system:node:one", keys);
	}

	public static CertificateRequest newRequest(@Nullable String name, String commonName, KeyPair keys) {
		CertificateTemplate template = CertificateTemplate.ofSubject(commonName, "system:nodes");
		return CertificateRequests.create(name, template, Signer.of(SIGNER),
				Usage.defaults(Signer.of(SIGNER), template, keys.getPublic()), null, keys);
	}

	public CompletableFuture<List<X509Certificate>> send(CertificateRequest request) {
		return this.signer.request(request, this.progress::add);
	}

	/** Sends a request that does not reach the server before the future is completed. */
	public CompletableFuture<List<X509Certificate>> send(CertificateRequest request,
			CompletableFuture<Boolean> released) {
		AtomicInteger calls = new AtomicInteger();
		intercept(this.client, (chain) -> {
			if (calls.getAndIncrement() == 0) {
				released.join();
			}
			return chain.proceed(chain.request());
		});
		CompletableFuture<List<X509Certificate>> answer = send(request);
		await().until(() -> calls.get() > 0);
		return answer;
	}

	/** Returns a request as it was confirmed to this process, or to an earlier one. */
	public CertificateRequest confirm(CertificateRequest request) {
		SubmittedRequest submitted = this.progress.stream()
			.filter((candidate) -> candidate.name().equals(request.name()))
			.findFirst()
			.orElseThrow();
		return request.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
	}

	/** Waits for the failure that is the answer. */
	public static Throwable failure(CompletableFuture<?> answer) {
		assertThat(answer).failsWithin(PATIENCE);
		return answer.handle((result, failure) -> failure.getCause()).join();
	}

	/** Returns a stored request, as an administrator reads it. */
	public V1CertificateSigningRequest stored(String name) throws ApiException {
		return new CertificatesV1Api(
				client(this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin())))
			.readCertificateSigningRequest(name)
			.execute();
	}

	/**
	 * Records for each request whether its connection has {@code TCP_NODELAY} set.
	 */
	public static List<Boolean> noDelays(ApiClient client) {
		List<Boolean> noDelays = new CopyOnWriteArrayList<>();
		client.setHttpClient(client.getHttpClient().newBuilder().addNetworkInterceptor((chain) -> {
			noDelays.add(Objects.requireNonNull(chain.connection()).socket().getTcpNoDelay());
			return chain.proceed(chain.request());
		}).build());
		return noDelays;
	}

	public int creates() {
		return this.controlPlane.count(RecordedRequest::isCreate);
	}

	public int watches() {
		return this.controlPlane.count(RecordedRequest::isWatch);
	}

	public int lists() {
		return this.controlPlane.count(RecordedRequest::isList);
	}

	public int requests() {
		return this.controlPlane.count((request) -> true);
	}

	public String figures() {
		return "%d POST, %d watch, %d list".formatted(creates(), watches(), lists());
	}

	public static Path write(Path file, String content) {
		try {
			return Files.writeString(file, content);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Path temporaryDirectory() {
		try {
			return Files.createTempDirectory("adapter");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Ends what the client does. */
	public void disconnect() {
		this.signers.close();
		this.clients.close();
	}

	@Override
	public void close() {
		disconnect();
		this.controlPlane.close();
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

}
