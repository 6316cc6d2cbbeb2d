package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.ClusterFixture;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Files of the connection to the API server that are replaced while requests wait and
 * objects are watched: what comes next goes to the new server, with the new credentials.
 *
 * @see io.kubelet.cert.kubernetes.internal.ReadFiles
 * @see io.kubelet.cert.kubernetes.internal.LiveApiClient
 * @see io.kubelet.cert.kubernetes.internal.OpenWatches
 */
@ExtendWith(OutputCaptureExtension.class)
class ReplacedKubeconfigTests extends ClusterFixture {

	@AutoClose
	private final EmbeddedControlPlane next = EmbeddedControlPlane.start();

	@Test
	void requestThatWaitsAndObjectsThatAreWatchedMoveToTheNewServer(CapturedOutput output) {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		Path kubeconfig = this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin());
		runner().withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig).run((context) -> {
			Awaitility.await().until(() -> this.controlPlane.openWatches() == 2);
			replace(kubeconfig, this.next.kubeconfig(this.next.admin()));
			soon().until(() -> this.next.count((request) -> request.path().endsWith("/configmaps")) > 0
					&& this.next.count((request) -> request.path().endsWith("/certificatesigningrequests")) > 0);
			awaitCertificate(context);
			this.controlPlane.clearRequests();
			context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS);
			assertThat(this.next.count(RecordedRequest::isCreate)).isEqualTo(2);
			assertThat(this.controlPlane.requests()).isEmpty();
			assertThat(output).contains(
					"The API server is %s (from %s) now, because the kubeconfig, or a file that it names, was replaced"
						.formatted(this.next.url(), kubeconfig))
				.doesNotContain("Canceled");
		});
	}

	@Test
	void firstCertificateOfANodeIsRequestedWithTheBootstrapKubeconfigThatIsThereNow() {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		Path bootstrap = this.controlPlane.writeKubeconfig(this.directory);
		runner()
			.withPropertyValues("kubelet.cert.kubernetes.bootstrap-kubeconfig=" + bootstrap,
					"kubelet.cert.kubernetes.kubeconfig=" + this.directory.resolve("node"))
			.run((context) -> {
				Awaitility.await().until(() -> this.controlPlane.openWatches() == 1);
				replace(bootstrap, this.next.kubeconfig(this.next.bootstrap()));
				soon().until(() -> this.next.count((request) -> request.user().equals("system:bootstrap:abcdef")) > 0);
			});
	}

	@Test
	void clientCertificateInAFileIsUsedFromItsReplacementOn() throws Exception {
		this.controlPlane.allow("operator", Set.of("*"), "*");
		Path pair = this.directory.resolve("pair.pem");
		String first = replace(pair, this.controlPlane.issueClientCertificate("operator"));
		Path kubeconfig = Files.writeString(this.directory.resolve("kubeconfig"),
				this.controlPlane.kubeconfig(Credential.token("operator", "TOKEN"))
					.replace("token: TOKEN", "{client-certificate: pair.pem, client-key: pair.pem}"));
		runner().withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig).run((context) -> {
			awaitCertificate(context);
			assertThat(this.controlPlane.requests()).extracting(RecordedRequest::certificateSerial).containsOnly(first);
			String second = replace(pair, this.controlPlane.issueClientCertificate("operator"));
			soon().until(() -> this.controlPlane
				.count((request) -> request.isWatch() && second.equals(request.certificateSerial())) > 0);
			this.controlPlane.clearRequests();
			context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS);
			assertThat(this.controlPlane.requests()).extracting(RecordedRequest::certificateSerial)
				.containsOnly(second);
		});
	}

	@Test
	void kubeconfigThatCannotBeUsedIsReportedAndTheServerRemains(CapturedOutput output) {
		Path kubeconfig = this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin());
		runner().withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig).run((context) -> {
			CertificateManager manager = context.getBean(CertificateManager.class);
			awaitCertificate(context);
			replace(kubeconfig, "kind: [");
			String problem = "The kubeconfig %s is malformed: it is not a mapping in YAML; the API server is still %s (from %1$s), but not after a restart"
				.formatted(kubeconfig, this.controlPlane.url());
			Awaitility.await().untilAsserted(() -> assertThat(output).containsOnlyOnce(problem));
			manager.rotate().get(120, TimeUnit.SECONDS);
			replace(kubeconfig, this.next.kubeconfig(this.next.admin()));
			soon().until(() -> this.next.count((request) -> request.path().endsWith("/configmaps")) > 0);
		});
	}

	private static void awaitCertificate(ApplicationContext context) {
		CertificateManager manager = context.getBean(CertificateManager.class);
		Awaitility.await().until(() -> manager.current().isPresent());
	}

	/** Long before files are compared. */
	private static ConditionFactory soon() {
		return Awaitility.await().atMost(Duration.ofSeconds(5));
	}

	private ApplicationContextRunner runner() {
		return node().withPropertyValues("kubelet.cert.startup.mode=background",
				"kubelet.cert.rotation.forced-interval=0s", "kubelet.cert.ssl.trust-config-map=kube-root-ca.crt");
	}

	private static String replace(Path file, ClientCertificate certificate) {
		replace(file, certificate.certificatePem() + certificate.keyPem());
		return CertificateNames.serialNumber(certificate.certificate());
	}

	/** As most programs do it. */
	private static void replace(Path file, String content) {
		try {
			Files.move(Files.writeString(file.resolveSibling(".next"), content), file, StandardCopyOption.ATOMIC_MOVE);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
