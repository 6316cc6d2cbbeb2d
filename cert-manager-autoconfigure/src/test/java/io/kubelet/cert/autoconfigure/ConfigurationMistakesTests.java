package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an operator reads after a mistake: which property or permission, which value, what
 * to do.
 */
class ConfigurationMistakesTests {

	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	@AfterEach
	void closeControlPlane() {
		this.controlPlane.close();
	}

	private ApplicationContextRunner runner(String... properties) {
		return CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.template.common-name=system:node:n1",
					"kubelet.cert.template.organizations=system:nodes")
			.withPropertyValues(properties);
	}

	private ApplicationContextRunner connected(String... properties) {
		return runner("kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory))
			.withPropertyValues(properties);
	}

	@Test
	void kubeconfigThatIsNotThereIsNamed() {
		runner("kubelet.cert.kubernetes.kubeconfig=/nowhere/kubeconfig").run((context) -> {
			InvalidConfigurationPropertyValueException failure = StartFailures.property(context.getStartupFailure());
			assertThat(failure.getName()).isEqualTo("kubelet.cert.kubernetes.kubeconfig");
			assertThat(failure.getValue()).hasToString("/nowhere/kubeconfig");
			assertThat(failure.getReason()).contains("There is no such file");
		});
	}

	@Test
	void unknownKeyAlgorithmIsNamedWithThoseThatExist() {
		runner("kubelet.cert.key.algorithm=dsa")
			.run((context) -> assertThat(context.getStartupFailure()).hasStackTraceContaining("dsa")
				.hasStackTraceContaining("kubelet.cert.key.algorithm"));
	}

	@Test
	void certificateWithoutATemplateIsRefused() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory)
			.run((context) -> {
				InvalidConfigurationPropertyValueException failure = StartFailures
					.property(context.getStartupFailure());
				assertThat(failure.getName()).isEqualTo("kubelet.cert.template.common-name");
				assertThat(failure.getReason()).contains("CertificateTemplateSupplier", "rotate-certificates");
			});
	}

	@Test
	void certificateWithoutASignerIsReportedWithTheSignersThatThereAre() {
		runner("kubelet.cert.additional.shop.template.common-name=shop").run((context) -> {
			InvalidConfigurationPropertyValueException failure = StartFailures.property(context.getStartupFailure());
			assertThat(failure.getName()).isEqualTo("kubelet.cert.additional.shop.signer-name");
			assertThat(failure.getReason()).contains(
					"Neither a signer nor an issuer is configured for certificate 'shop'",
					"set 'kubelet.cert.additional.shop.issuer.name'", "kubernetes.io/kube-apiserver-client ",
					"kubernetes.io/kubelet-serving");
		});
	}

	@Test
	void unreachableServerIsReportedWithItsAddress() throws IOException {
		Path kubeconfig = kubeconfig("https://127.0.0.1:" + closedPort());
		timesOut(runner("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig), (analysis) -> {
			assertThat(analysis.getDescription()).contains("'kubelet-client' was not issued within ",
					"kubelet.cert.startup.timeout", "https://127.0.0.1:", "cannot be reached");
			assertThat(analysis.getAction()).contains("API server runs", "kubelet.cert.kubernetes.kubeconfig",
					"'kubelet.cert.startup.mode' to 'background'");
		});
	}

	/** The value of the property is right. */
	@Test
	void unreachableServerIsReportedRatherThanTheTrustThatIsReadFromIt() {
		connected().run((context) -> assertThat(context).hasNotFailed());
		this.controlPlane.pause();
		connected("kubelet.cert.startup.timeout=1s", "kubelet.cert.ssl.trust-config-map=kube-root-ca.crt")
			.run((context) -> {
				FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
				assertThat(analysis.getDescription())
					.startsWith("The ConfigMap default/kube-root-ca.crt cannot be read: ");
				assertThat(analysis.getAction()).contains("API server runs", "kubelet.cert.kubernetes.kubeconfig");
			});
	}

	@Test
	void unknownTokenIsReportedAtOnce() {
		Credential gone = this.controlPlane.addToken("gone", "nobody");
		Path kubeconfig = this.controlPlane.writeKubeconfig(this.directory, gone);
		this.controlPlane.removeToken("gone");
		runner("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig).run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("401 Unauthorized", this.controlPlane.url());
			assertThat(analysis.getAction()).contains("Replace the token");
		});
	}

	@Test
	void missingPermissionIsReportedWithTheRuleThatGrantsIt() {
		Credential poor = this.controlPlane.addToken("poor", "system:serviceaccount:shop:checkout");
		runner("kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory, poor))
			.run((context) -> {
				FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
				assertThat(analysis.getDescription()).contains("kind: ClusterRole",
						"verbs: [\"create\", \"get\", \"list\", \"watch\"]", "namespace: \"shop\"",
						"name: \"checkout\"");
				assertThat(analysis.getAction()).contains("Grant the permission");
			});
	}

	@Test
	void deniedRequestIsReportedWithReasonAndMessage() {
		this.controlPlane.behavior().approval((request) -> ApprovalPolicy.Verdict.deny("NotYours", "ask someone else"));
		connected().run((context) -> assertThat(StartFailures.report(context.getStartupFailure()).getDescription())
			.contains("was denied", "ask someone else",
					"signer 'kubernetes.io/kube-apiserver-client-kubelet' (from the subject of a kubelet)"));
	}

	@Test
	void requestThatNobodyApprovesIsNamed() {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		timesOut(connected(), (analysis) -> {
			String open = this.controlPlane.openCertificateSigningRequests().get(0);
			assertThat(analysis.getDescription())
				.contains("Request %1$s is waiting for approval: see 'kubectl describe csr %1$s'".formatted(open));
			assertThat(analysis.getAction()).contains("kubectl certificate approve");
		});
	}

	/** As for a signer that is not there. */
	@Test
	void requestThatIsApprovedAndThatNobodySignsIsNamed() {
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		timesOut(connected("kubelet.cert.signer-name=example.com/absent", "kubelet.cert.usages=client auth"),
				(analysis) -> {
					String request = this.controlPlane.certificateSigningRequests().get(0);
					assertThat(analysis.getDescription()).endsWith(
							"Request %1$s is approved and waiting for its signature: see 'kubectl describe csr %1$s'"
								.formatted(request));
				});
	}

	/** What does not exist cannot be approved. */
	@Test
	void requestThatTheServerHasNotAnsweredIsNotSaidToWaitForApproval() throws IOException {
		try (ServerSocket silent = new ServerSocket(0)) {
			Path kubeconfig = kubeconfig("https://127.0.0.1:" + silent.getLocalPort());
			runner("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig, "kubelet.cert.startup.timeout=1s")
				.run((context) -> {
					FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
					assertThat(analysis.getDescription()).endsWith("The API server has not answered the request yet");
					assertThat(analysis.getAction()).contains("this machine can reach it",
							"increase 'kubelet.cert.startup.timeout'");
				});
		}
	}

	@Test
	void inTheBackgroundTheStatusSaysWhatIsWrong() throws IOException {
		Path kubeconfig = kubeconfig("https://127.0.0.1:" + closedPort());
		runner("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig, "kubelet.cert.startup.mode=background")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				CertificateManager manager = context.getBean(CertificateManager.class);
				Awaitility.await()
					.untilAsserted(() -> assertThat(manager.status().lastFailure()).isNotNull()
						.satisfies((failure) -> assertThat(failure.message()).contains("cannot be reached")));
				assertThat(manager.status().health().serverHealthy()).isFalse();
			});
	}

	@Test
	void rotationOffAndNothingStoredIsRefused() {
		runner("kubelet.cert.rotate-certificates=false").run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("There is no valid certificate 'kubelet-client'",
					"kubelet.cert.rotate-certificates=false");
			assertThat(analysis.getAction()).contains("Put a pair there");
		});
	}

	@Test
	void storeThatCannotBeUsedIsReportedAndLeftAsItIs() throws IOException {
		Path pki = Files.createDirectories(this.directory.resolve("pki"));
		Files.writeString(pki.resolve("kubelet-client-updated.pem"), "something");
		runner("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig("https://127.0.0.1:1")).run((context) -> {
			FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("kubelet-client-updated.pem", "move it away");
			assertThat(analysis.getAction()).contains("kubelet.cert.cert-dir");
		});
		assertThat(pki.resolve("kubelet-client-updated.pem")).hasContent("something");
	}

	private Path kubeconfig(String server) throws IOException {
		return CertificateContexts.writeKubeconfig(this.directory.resolve("kubeconfig"), server);
	}

	private static int closedPort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	private static void timesOut(ApplicationContextRunner runner, Consumer<FailureAnalysis> analysis) {
		RisingTimeout.from(Duration.ofSeconds(1),
				(timeout) -> runner.withPropertyValues("kubelet.cert.startup.timeout=" + timeout)
					.run((context) -> analysis.accept(StartFailures.report(context.getStartupFailure()))));
	}

}
