package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.kubelet.PodCertificateVolume;
import io.kubelet.cert.testsupport.ClusterFixture;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Files of the connection to the API server that are replaced: the next request goes to
 * the server that they name, with the credentials in them.
 *
 * @see io.kubelet.cert.kubernetes.internal.ClientSources
 */
class ReplacedKubeconfigTests extends ClusterFixture {

	@AutoClose
	private final EmbeddedControlPlane next = EmbeddedControlPlane.start();

	@ParameterizedTest
	@ValueSource(strings = { "renamed", "in place", "volume" })
	void nextRequestGoesToTheNewServer(String way) throws IOException {
		Path kubeconfig = this.directory.resolve("kubeconfig");
		replace(kubeconfig, way, this.controlPlane.kubeconfig(this.controlPlane.admin()));
		runner(kubeconfig).run((context) -> {
			rotate(context);
			replace(kubeconfig, way, this.next.kubeconfig(this.next.admin()));
			soon().until(() -> rotate(context) && this.next.count(RecordedRequest::isCreate) > 0);
			this.controlPlane.clearRequests();
			assertThat(rotate(context)).isTrue();
			assertThat(this.controlPlane.requests()).isEmpty();
		});
	}

	@Test
	void clientCertificateInAFileIsUsedFromItsReplacementOn() throws IOException {
		this.controlPlane.allow("operator", Set.of("*"), "*");
		Path pair = this.directory.resolve("pair.pem");
		String first = replace(pair, this.controlPlane.issueClientCertificate("operator"));
		Path kubeconfig = Files.writeString(this.directory.resolve("kubeconfig"),
				this.controlPlane.kubeconfig(Credential.token("operator", "TOKEN"))
					.replace("token: TOKEN", "{client-certificate: pair.pem, client-key: pair.pem}"));
		runner(kubeconfig).run((context) -> {
			rotate(context);
			assertThat(this.controlPlane.requests()).extracting(RecordedRequest::certificateSerial).containsOnly(first);
			String second = replace(pair, this.controlPlane.issueClientCertificate("operator"));
			soon().until(() -> rotate(context)
					&& this.controlPlane.count((request) -> second.equals(request.certificateSerial())) > 0);
		});
	}

	@Test
	void firstCertificateOfANodeIsRequestedWithTheBootstrapKubeconfigThatIsThereNow() {
		this.controlPlane.behavior().approval(ApprovalPolicy.denying("test", "not here"));
		Path bootstrap = this.controlPlane.writeKubeconfig(this.directory);
		runner(this.directory.resolve("node"))
			.withPropertyValues("kubelet.cert.kubernetes.bootstrap-kubeconfig=" + bootstrap)
			.run((context) -> {
				rotate(context);
				replace(bootstrap, "renamed", this.next.kubeconfig(this.next.bootstrap()));
				soon().until(() -> {
					rotate(context);
					return this.next.count((request) -> request.user().equals("system:bootstrap:abcdef")) > 0;
				});
			});
	}

	/** The same content is no reason to fail. */
	@Test
	void kubeconfigThatIsMendedIsUsed() throws IOException {
		Path kubeconfig = this.directory.resolve("kubeconfig");
		String content = this.controlPlane.kubeconfig(this.controlPlane.admin());
		replace(kubeconfig, "renamed", content);
		runner(kubeconfig).run((context) -> {
			rotate(context);
			Files.setLastModifiedTime(kubeconfig, FileTime.from(Instant.now().minusSeconds(1)));
			assertThat(rotate(context)).isTrue();
			replace(kubeconfig, "renamed", "kind: [");
			soon().until(() -> !rotate(context));
			replace(kubeconfig, "renamed", content);
			soon().until(() -> rotate(context));
		});
	}

	/** No client is replaced because of its age before a minute is over. */
	private static ConditionFactory soon() {
		return Awaitility.await().atMost(Duration.ofSeconds(30));
	}

	/** Returns whether that has succeeded. */
	private static boolean rotate(ApplicationContext context) {
		CompletableFuture<?> rotation = context.getBean(CertificateManager.class).rotate();
		Awaitility.await().until(rotation::isDone);
		return !rotation.isCompletedExceptionally();
	}

	private ApplicationContextRunner runner(Path kubeconfig) {
		return node().withPropertyValues("kubelet.cert.startup.mode=background",
				"kubelet.cert.rotation.forced-interval=0s", "kubelet.cert.kubernetes.kubeconfig=" + kubeconfig);
	}

	private String replace(Path file, ClientCertificate certificate) throws IOException {
		replace(file, "renamed", certificate.certificatePem() + certificate.keyPem());
		return CertificateNames.serialNumber(certificate.certificate());
	}

	private void replace(Path file, String way, String content) throws IOException {
		switch (way) {
			case "volume" -> PodCertificateVolume.in(this.directory, Clock.systemUTC())
				.write(Map.of(file.getFileName().toString(), content));
			case "renamed" -> Files.move(Files.writeString(this.directory.resolve(".next"), content), file,
					StandardCopyOption.ATOMIC_MOVE);
			default -> Files.writeString(file, content);
		}
	}

}
