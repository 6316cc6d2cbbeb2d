package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * What an operator reads after a mistake: which property or permission, which value, what
 * to do.
 *
 * @see CertificateManagerFactory
 * @see KubernetesConnection
 * @see io.kubelet.cert.autoconfigure.ssl.CertificateManagerFailureAnalyzer
 * @see io.kubelet.cert.autoconfigure.ssl.CertificateUnavailableException
 */
class ConfigurationMistakesTests extends ClusterFixture {

	private static final String BOOTSTRAP = "'kubelet.cert.kubernetes.bootstrap-kubeconfig'";

	private static final String KUBECONFIG = "'kubelet.cert.kubernetes.kubeconfig'";

	private ApplicationContextRunner runner(String... properties) {
		return node().withPropertyValues("kubelet.cert.startup.timeout=2m").withPropertyValues(properties);
	}

	/** Returns the report of an application that does not start. */
	private FailureAnalysis start(String... properties) {
		AtomicReference<@Nullable FailureAnalysis> report = new AtomicReference<>();
		runner(properties).run((context) -> report.set(StartFailures.report(context.getStartupFailure(), properties)));
		return Objects.requireNonNull(report.get());
	}

	private FailureAnalysis connect(Credential credential, String... properties) {
		return start(with(
				"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory, credential),
				properties));
	}

	private FailureAnalysis bootstrap(Credential credential, String... properties) {
		return start(with(
				"kubelet.cert.kubernetes.bootstrap-kubeconfig="
						+ this.controlPlane.writeKubeconfig(this.directory, credential),
				with("kubelet.cert.kubernetes.kubeconfig=" + this.directory.resolve("kubelet.conf"), properties)));
	}

	private static String[] with(String property, String... properties) {
		return Stream.concat(Stream.of(property), Stream.of(properties)).toArray(String[]::new);
	}

	private static void assertReport(FailureAnalysis report, String... texts) {
		assertThat(report.getDescription() + "\n" + report.getAction()).contains(texts);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					kubernetes.kubeconfig=/nowhere/kubeconfig | kubernetes.kubeconfig with value '/nowhere/kubeconfig' is invalid: There is no such file
					kubernetes.bootstrap-kubeconfig=/nowhere/bootstrap;kubernetes.kubeconfig=/nowhere/kubelet;template.common-name=a;signer-name=b.c/d | kubernetes.bootstrap-kubeconfig with value '/nowhere/bootstrap' is invalid: There is no such file: set it to the kubeconfig with the bootstrap token, because /nowhere/kubelet has no valid client certificate
					kubernetes.bootstrap-kubeconfig=/nowhere/bootstrap;kubernetes.kubeconfig=/nowhere/kubelet;profile=kubelet-serving;node-name=n1 | kubernetes.bootstrap-kubeconfig with value '/nowhere/bootstrap' is invalid: Later requests authenticate with certificate 'kubelet-server', and the API server accepts no certificate of signer kubernetes.io/kubelet-serving with usages [server auth]: move it to 'kubelet.cert.additional', and set 'kubelet.cert.profile' to kubelet-client, or
					kubernetes.bootstrap-kubeconfig=/nowhere/bootstrap;kubernetes.kubeconfig=/nowhere/kubelet;signer-name=b.c/d;template.dns-names=shop | kubernetes.bootstrap-kubeconfig with value '/nowhere/bootstrap' is invalid: Later requests authenticate with certificate 'kubelet-client', and the API server accepts no certificate of signer b.c/d with usages [server auth]
					kubernetes.bootstrap-kubeconfig=/nowhere/bootstrap;kubernetes.kubeconfig=/nowhere/kubelet;issuer.name=internal;template.common-name=a | kubernetes.bootstrap-kubeconfig with value '/nowhere/bootstrap' is invalid: Later requests authenticate with certificate 'kubelet-client', and the API server accepts no certificate of issuer Issuer/internal with usages [client auth]
					template.organizations= | template.common-name with value 'null' is invalid: A blank value counts as none: 'kubelet.cert.template.organizations' ("kubelet.cert.template.organizations" from property source "test"). No names are configured for certificate 'kubelet-client': set this property or another one under 'template', set a profile, or define a CertificateTemplateSupplier bean. If a stored pair is to be used as it is, set 'kubelet.cert.rotate-certificates' to false. If the application needs no certificate, set 'kubelet.cert.enabled' to false, and if it needs only additional ones, move one of them from 'kubelet.cert.additional' to 'kubelet.cert'
					template.common-name=a;signer-name=b.c/d;additional.web.signer-name=b.c/d | additional.web.template.common-name with value 'null' is invalid: No names are configured for certificate 'web': set this property or another one under 'template', set a profile, or define a CertificateTemplateSupplier bean. If a stored pair is to be used as it is, set 'kubelet.cert.additional.web.rotate-certificates' to false
					template.common-name=shop | signer-name with value 'null' is invalid: Neither a signer nor an issuer is configured for certificate 'kubelet-client': set 'kubelet.cert.issuer.name' if cert-manager issues the certificate, or set this property to the signer that does, such as kubernetes.io/kube-apiserver-client for
					""")
	void propertyIsNamed(String properties, String message) {
		CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory)
			.withPropertyValues(Stream.of(properties.split(";"))
				.map((property) -> "kubelet.cert." + property)
				.toArray(String[]::new))
			.run((context) -> assertThat(StartFailures.property(context.getStartupFailure()))
				.hasMessageStartingWith("Property kubelet.cert." + message));
	}

	@Test
	void unreachableServerIsReportedWithItsAddressAndWithTheKubeconfigThatNamesIt() {
		this.controlPlane.pause();
		RisingTimeout.from(Duration.ofMillis(250), (timeout) -> {
			String limit = "kubelet.cert.startup.timeout=" + timeout;
			assertReport(connect(this.controlPlane.bootstrap(), limit), "'kubelet-client' was not issued within ",
					"kubelet.cert.startup.timeout", this.controlPlane.url() + " (from " + this.directory,
					") cannot be reached", "API server runs", KUBECONFIG, BOOTSTRAP,
					"'kubelet.cert.startup.mode' to 'background'");
		});
	}

	/** Without authorities in the kubeconfig, those of the JDK are trusted. */
	@Test
	void serverThatIsNotTrustedIsAMatterOfItsAuthority() throws IOException {
		Path kubeconfig = CertificateContexts.writeKubeconfig(this.directory.resolve("config"),
				this.controlPlane.url());
		for (String trust : List.of("enabled=true", "ssl.trust-config-map=kube-root-ca.crt")) {
			assertReport(start("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig, "kubelet.cert." + trust),
					"is not trusted: unable to find valid certification path",
					"'certificate-authority-data' in the kubeconfig (" + KUBECONFIG);
		}
	}

	/** The value of the property is right. */
	@Test
	void unreachableServerIsReportedRatherThanTheTrustThatIsReadFromIt() {
		String kubeconfig = "kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory);
		runner(kubeconfig).run((context) -> assertThat(context).hasNotFailed());
		this.controlPlane.pause();
		assertReport(
				start(kubeconfig, "kubelet.cert.startup.timeout=1s",
						"kubelet.cert.ssl.trust-config-map=kube-root-ca.crt"),
				"The ConfigMap default/kube-root-ca.crt cannot be read: ", "API server runs", KUBECONFIG);
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void kubeconfigWithoutTheContextIsToBeCorrected(CapturedOutput output) {
		assertReport(connect(this.controlPlane.bootstrap(), "kubelet.cert.kubernetes.context=absent"),
				"has no context 'absent'", "'kubelet.cert.kubernetes.context' to one of its contexts", KUBECONFIG);
		assertThat(output).contains("Attempt 1 failed (there is no certificate yet): ");
	}

	@Test
	void unknownTokenIsReportedAtOnce() {
		Credential unknown = Credential.token("unknown", "unknown");
		assertReport(connect(unknown), "401 Unauthorized", this.controlPlane.url(), "Replace the token", KUBECONFIG);
	}

	/** As before the network is there, which its identity provider needs. */
	@Test
	@DisabledOnOs(OS.WINDOWS)
	void plugInThatFailsOnceIsNoMistake() throws IOException {
		Path plugIn = Files.writeString(this.directory.resolve("plug-in"), """
				#!/bin/sh
				[ -e %1$s/asked ] || { touch %1$s/asked; exit 1; }
				echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",'
				echo '"status": {"token": "%2$s"}}'
				""".formatted(this.directory, ((Credential.Token) this.controlPlane.bootstrap()).token()));
		assertThat(plugIn.toFile().setExecutable(true)).isTrue();
		Path kubeconfig = Files.writeString(this.directory.resolve("with-plug-in"),
				this.controlPlane.kubeconfig(Credential.token("one", "TOKEN"))
					.replace("token: TOKEN",
							"exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plug-in}"));
		runner("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig).run((context) -> assertThat(context).hasNotFailed());
		assertThat(this.directory.resolve("asked")).exists();
	}

	/** Only in the report: the attempt and Spring log the failure as well. */
	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void missingPermissionIsReportedWithTheRuleThatGrantsIt(CapturedOutput output) throws Exception {
		Credential poor = this.controlPlane.addToken("poor", "system:serviceaccount:shop:checkout");
		String rule = "--verb=create,list,watch";
		assertReport(connect(poor), rule, "--user='system:serviceaccount:shop:checkout'", "Grant the permission",
				KUBECONFIG);
		assertThat(output).contains("Attempt 1 failed (there is no certificate yet): ", "Exception encountered")
			.doesNotContain(rule);
	}

	@Test
	void deniedRequestIsReportedWithReasonAndMessage() {
		this.controlPlane.behavior().approval((request) -> ApprovalPolicy.Verdict.deny("NotYours", "ask someone else"));
		assertReport(connect(this.controlPlane.bootstrap()), "was denied", "ask someone else",
				"signer kubernetes.io/kube-apiserver-client-kubelet (from the subject of a kubelet)");
	}

	/** With a bootstrap kubeconfig, one is requested even if rotation is off. */
	@ParameterizedTest
	@CsvSource({ "true, is approved and waiting for its signature", "false, is waiting for approval" })
	void requestThatNobodyApprovesOrSignsIsNamed(boolean approved, String state) {
		this.controlPlane.behavior().approval(approved ? ApprovalPolicy.approving() : ApprovalPolicy.manual());
		RisingTimeout.from(Duration.ofSeconds(1), (timeout) -> {
			FailureAnalysis report = bootstrap(this.controlPlane.bootstrap(), "kubelet.cert.rotate-certificates=false",
					"kubelet.cert.signer-name=example.com/absent", "kubelet.cert.usages=client auth",
					"kubelet.cert.startup.timeout=" + timeout);
			String name = this.controlPlane.certificateSigningRequests().get(0);
			assertReport(report, "Request %s %s: see 'kubectl describe csr %1$s'".formatted(name, state));
		});
	}

	/** What does not exist cannot be approved. */
	@Test
	void requestThatTheServerHasNotAnsweredIsNotSaidToWaitForApproval() throws IOException {
		try (ServerSocket silent = new ServerSocket(0)) {
			Path kubeconfig = CertificateContexts.writeKubeconfig(this.directory.resolve("silent"),
					"https://127.0.0.1:" + silent.getLocalPort());
			assertReport(start("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig, "kubelet.cert.startup.timeout=1s"),
					"The API server has not answered the request yet", "this machine can reach it");
		}
	}

	@Test
	void rotationOffAndNothingStoredIsRefused() {
		assertReport(start("kubelet.cert.rotate-certificates=false"), "There is no valid certificate 'kubelet-client'",
				"kubelet.cert.rotate-certificates=false", "put a pair there", "read and write the files");
		Path file = this.directory.resolve("no.pem");
		FailureAnalysis report = start("kubelet.cert.rotate-certificates=false", "kubelet.cert.tls-cert-file=" + file,
				"kubelet.cert.startup.timeout=1s");
		assertReport(report, file + " (there is no such file)", "'kubelet.cert.tls-cert-file'",
				"'kubelet.cert.tls-private-key-file'");
		assertThat(report.getAction()).as("what is not read").doesNotContain("cert-dir");
	}

	@Test
	void storeThatCannotBeUsedIsReportedAndLeftAsItIs() throws IOException {
		Path pki = Files.createDirectories(this.directory.resolve("pki"));
		Files.writeString(pki.resolve("kubelet-client-updated.pem"), "something");
		assertReport(connect(this.controlPlane.bootstrap()), "kubelet-client-updated.pem", "move it away",
				"kubelet.cert.cert-dir");
		assertThat(pki.resolve("kubelet-client-updated.pem")).hasContent("something");
		Path pair = Files.writeString(this.directory.resolve("tls.pem"), "-----BEGIN CERTIFICATE-----");
		assertReport(
				start("kubelet.cert.rotate-certificates=false", "kubelet.cert.tls-cert-file=" + pair,
						"kubelet.cert.tls-private-key-file=" + pair, "kubelet.cert.startup.timeout=1s"),
				"The pair in " + pair + " is damaged", "put a pair there", "and that they are complete");
	}

	@Test
	void certificateThatStatesSomethingElseIsTheSignersAffair() throws Exception {
		this.controlPlane.behavior().flaws(SignerFlaw.DROPPED_NAMES);
		FailureAnalysis report = connect(this.controlPlane.addToken("node", "system:node:n1", "system:nodes"),
				"kubelet.cert.signer-name=kubernetes.io/kubelet-serving", "kubelet.cert.template.dns-names=n1");
		assertReport(report, "Check what the signer issues");
	}

	@Test
	void clusterWithoutCertManagerIsReported() {
		assertReport(
				start("kubelet.cert.issuer.name=internal", "kubelet.cert.template.dns-names=shop.shop.svc",
						"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory)),
				"cert-manager is not installed in this cluster", "Install it", "Do what the description says");
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void bundleThatDoesNotExistIsReportedWithTheOnesThatDo(CapturedOutput output) {
		run("--server.ssl.bundle=shop");
		assertThat(output).contains("There is no SSL bundle 'shop'", "The bundles of properties are [].",
				"No property under 'kubelet.cert' is set, so no certificate is requested", "'kubelet.cert.pair-name'");
		run("--kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "--kubelet.cert.pair-name=shop",
				"--kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
				"--kubelet.cert.template.common-name=system:node:n1",
				"--kubelet.cert.template.organizations=system:nodes",
				"--spring.ssl.bundle.pem.other.keystore.certificate=classpath:other.crt", "--server.ssl.bundle=shpo",
				"--management.server.ssl.bundle=absent", "--management.server.ssl.enabled=false",
				"--a.program.ssl.bundle=/etc/ssl/ca.pem", "--kubelet.cert.ignore-unknown-properties=true",
				"--kubelet.cert.foo=a");
		assertThat(output)
			.contains("There is no SSL bundle 'shpo', which is named by 'server.ssl.bundle'.",
					"The bundles of properties are [other, shop].", "'kubelet.cert.ssl.bundle'")
			.containsOnlyOnce("A property that does not exist is ignored: 'kubelet.cert.foo'");
		assertThat(this.controlPlane.requests()).as("nothing was requested, which may cost an approval").isEmpty();
	}

	private static void run(String... arguments) {
		assertThatException()
			.isThrownBy(() -> new SpringApplicationBuilder(Application.class).web(WebApplicationType.SERVLET)
				.properties("server.port=0")
				.run(arguments));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, CertificateSslAutoConfiguration.class,
			SslAutoConfiguration.class, TomcatServletWebServerAutoConfiguration.class })
	static class Application {

	}

}
