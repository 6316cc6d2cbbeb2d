package io.kubelet.cert.faults;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A process with little memory, and requests of others: whoever may create requests can
 * give theirs the label of ours.
 *
 * @see io.kubelet.cert.kubernetes.internal.watch.Reflector
 */
class SmallHeapTests {

	private static final int MEBIBYTE = 1024 * 1024;

	private static final int HEAP = 32;

	private static final int STRANGERS = 50;

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	@Test
	void requestIsAnsweredAmongThoseOfOthersThatDoNotFitIntoTheMemory() throws Exception {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx" + HEAP + "m", "-XX:+ExitOnOutOfMemoryError",
				"-cp", System.getProperty("java.class.path"), Child.class.getName(),
				this.plane.writeKubeconfig(this.directory).toString())
			.redirectError(ProcessBuilder.Redirect.DISCARD)
			.start();
		await().until(() -> this.plane.openWatches() == 1);
		child.outputWriter().append('\n').flush();
		String name = child.inputReader().readLine();
		await().until(() -> this.plane.openWatches() == 2);
		createOthers(name);
		this.plane.faults().expireWatches();
		await().until(() -> this.plane.count(RecordedRequest::isList) == 2 || !child.isAlive());
		await().until(() -> this.plane.openWatches() == 2 || !child.isAlive());
		this.plane.approve(name);
		assertThat(child.inputReader().readLine()).isEqualTo("issued");
		assertThat(child.waitFor()).isZero();
	}

	private void createOthers(String name) throws Exception {
		CertificatesV1Api administrator = new CertificatesV1Api(
				Adapter.client(this.plane.writeKubeconfig(this.directory, this.plane.admin())));
		V1CertificateSigningRequest object = administrator.readCertificateSigningRequest(name).execute();
		byte[] large = large();
		assertThat(large.length * STRANGERS).isGreaterThan(HEAP * MEBIBYTE);
		Objects.requireNonNull(object.getSpec()).setRequest(large);
		V1ObjectMeta metadata = new V1ObjectMeta().labels(Objects.requireNonNull(object.getMetadata()).getLabels());
		object.setMetadata(metadata);
		for (int stranger = 0; stranger < STRANGERS; stranger++) {
			metadata.setName("stranger-" + stranger);
			administrator.createCertificateSigningRequest(object).execute();
		}
	}

	/** A request that is almost as large as etcd permits. */
	private static byte[] large() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateTemplate template = new CertificateTemplate(null, List.of(), List.of(), List.of(),
				List.of("https://example.com/" + "x".repeat(MEBIBYTE / 2)), List.of());
		return CertificateRequests.create(null, template, Signer.of(Adapter.SIGNER), List.of(), null, keys)
			.pkcs10()
			.getBytes(StandardCharsets.US_ASCII);
	}

	/** A process that requests a certificate, while it waits for another one. */
	static final class Child {

		/**
		 * Run it: at the first input, it says the name of its second request, which is
		 * watched by its label, and then that it has the certificate.
		 * @param args a kubeconfig
		 */
		public static void main(String[] args) throws Exception {
			((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
			ApiClientProvider clients = new ApiClientProvider(new KubeconfigSource(Path.of(args[0]), null), null, null,
					Adapter::daemon, Adapter.NOT_FOLLOWED, Clock.systemUTC());
			CertificateSigner signer = KubernetesSigners.ofKubernetes(clients, Clock.systemUTC()).signer(null);
			signer.request(Adapter.newRequest(), (submitted) -> {
			});
			System.in.read();
			CertificateRequest request = Adapter.newRequest();
			System.out.println(request.name());
			signer.request(request, (submitted) -> {
			}).get(Adapter.PATIENCE.toSeconds(), TimeUnit.SECONDS);
			System.out.println("issued");
			System.exit(0);
		}

	}

}
