package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * What an application that does not start tells its operator to do, as it is printed.
 */
@ExtendWith(OutputCaptureExtension.class)
class RemediesTests {

	private static final String BOOTSTRAP = "'kubelet.cert.kubernetes.bootstrap-kubeconfig'";

	private static final String KUBECONFIG = "'kubelet.cert.kubernetes.kubeconfig'";

	private static final String TEMPLATE = "--kubelet.cert.profile=kubelet-client";

	private static final String OFF = "--kubelet.cert.rotate-certificates=false";

	@TempDir
	Path directory;

	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	@AfterEach
	void close() {
		this.controlPlane.close();
	}

	@Test
	void unknownBootstrapTokenIsSoughtInTheBootstrapKubeconfig(CapturedOutput output) {
		bootstrap(Credential.token("unknown", "unknown"), TEMPLATE);
		assertThat(action(output)).contains("Replace the token", BOOTSTRAP);
	}

	@Test
	void bootstrapTokenThatIsNotPermittedToAskIsSoughtInTheBootstrapKubeconfig(CapturedOutput output) {
		bootstrap(this.controlPlane.addToken("poor", "poor"), TEMPLATE);
		assertThat(action(output)).contains("Grant the permission", BOOTSTRAP);
	}

	@Test
	void serverThatABootstrapTokenCannotReachIsSoughtInTheBootstrapKubeconfig(CapturedOutput output) {
		this.controlPlane.pause();
		RisingTimeout.from(Duration.ofSeconds(1), (timeout) -> {
			bootstrap(this.controlPlane.bootstrap(), TEMPLATE, "--kubelet.cert.startup.timeout=" + timeout);
			assertThat(action(output)).contains("Make sure that the API server runs", BOOTSTRAP);
		});
	}

	@Test
	void certificateOfTheNodesKubeconfigThatIsNotPermittedToAskIsSoughtThere(CapturedOutput output) throws Exception {
		Files.writeString(this.directory.resolve("kubelet.conf"),
				this.controlPlane.kubeconfig(this.controlPlane.issueClientCertificate("poor", "poor")));
		bootstrap(this.controlPlane.bootstrap(), TEMPLATE);
		assertThat(action(output)).contains("Grant the permission", BOOTSTRAP,
				KUBECONFIG + " if that has a valid certificate");
	}

	@Test
	void requestThatIsMadeAlthoughRotationIsOffIsToBeApproved(CapturedOutput output) {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		RisingTimeout.from(Duration.ofSeconds(1), (timeout) -> {
			bootstrap(this.controlPlane.bootstrap(), TEMPLATE, OFF, "--kubelet.cert.startup.timeout=" + timeout);
			assertThat(action(output)).contains("kubectl certificate approve").doesNotContain("Put a pair there");
		});
	}

	@Test
	void templateThatIsNeededAlthoughRotationIsOffIsToBeSet(CapturedOutput output) {
		bootstrap(this.controlPlane.bootstrap(), OFF);
		assertThat(output).contains("kubelet.cert.template.common-name",
				"a first certificate is requested even though rotation is off, unless 'kubelet.cert.tls-cert-file' names an existing pair")
			.doesNotContain("to false");
	}

	@Test
	void certificateThatSaysSomethingElseIsTheSignersAffair(CapturedOutput output) {
		this.controlPlane.behavior().flaws(SignerFlaw.DROPPED_NAMES);
		start("--kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
				"--kubelet.cert.signer-name=kubernetes.io/kubelet-serving",
				"--kubelet.cert.template.common-name=system:node:n1",
				"--kubelet.cert.template.organizations=system:nodes", "--kubelet.cert.template.dns-names=n1");
		assertThat(action(output))
			.contains("Check what the signer issues", "'kubelet.cert.signer-ca-file'", "('kubelet.cert.signer-name')")
			.doesNotContain("kubectl");
	}

	@Test
	void clusterWithoutCertManagerIsNoMatterOfTheProperties(CapturedOutput output) {
		start("--kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
				"--kubelet.cert.issuer.name=internal", "--kubelet.cert.template.dns-names=shop.shop.svc");
		assertThat(output).contains("Install cert-manager");
		assertThat(action(output)).contains("Do what the description says", KUBECONFIG)
			.doesNotContain("Change the properties");
	}

	@Test
	void certificateOfAnIssuerThatIsRefusedIsNoMatterOfTheSignerName(CapturedOutput output) throws Exception {
		Path authority = Files.writeString(this.directory.resolve("ca.crt"), this.controlPlane.caPem());
		this.controlPlane.certManager().issuer("default", "internal");
		start("--kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
				"--kubelet.cert.issuer.name=internal", "--kubelet.cert.template.dns-names=shop.shop.svc",
				"--kubelet.cert.signer-ca-file=" + authority);
		assertThat(action(output)).contains("name another issuer ('kubelet.cert.issuer.name')")
			.doesNotContain("signer-name");
	}

	@Test
	void bundleThatDoesNotExistIsReportedWithTheOnesThatDo(CapturedOutput output) {
		assertThatException().isThrownBy(() -> new SpringApplicationBuilder(Application.class).run(
				"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "--kubelet.cert.pair-name=shop",
				"--kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
				"--kubelet.cert.template.common-name=system:node:n1",
				"--kubelet.cert.template.organizations=system:nodes", "--server.port=0",
				"--spring.ssl.bundle.pem.other.keystore.certificate=classpath:other.crt", "--server.ssl.bundle=shpo"));
		assertThat(output).contains("There is no SSL bundle 'shpo', which is named by 'server.ssl.bundle'.",
				"under 'kubelet.cert': shop.", "under 'spring.ssl.bundle': other.");
		assertThat(action(output)).contains("Set 'server.ssl.bundle' to the name of a bundle that exists",
				"'kubelet.cert.ssl.bundle'", "'kubelet.cert.additional.shpo'");
		assertThat(this.controlPlane.requests()).as("nothing was requested, which may cost an approval").isEmpty();
	}

	@Test
	void bundleOfACertificateThatIsNotConfiguredIsReportedWithWhatToSet(CapturedOutput output) {
		assertThatException().isThrownBy(() -> new SpringApplicationBuilder(Application.class)
			.run("--server.ssl.bundle=shop", "--server.port=0"));
		assertThat(output).contains("There is no SSL bundle 'shop'", "under 'kubelet.cert': none.",
				"No certificate is configured, so none is requested");
		assertThat(action(output)).contains("'kubelet.cert.pair-name'");
	}

	private void bootstrap(Credential credential, String... arguments) {
		start(Stream
			.concat(Stream.of(arguments),
					Stream.of("--kubelet.cert.kubernetes.kubeconfig=" + this.directory.resolve("kubelet.conf"),
							"--kubelet.cert.kubernetes.bootstrap-kubeconfig="
									+ this.controlPlane.writeKubeconfig(this.directory, credential)))
			.toArray(String[]::new));
	}

	private void start(String... arguments) {
		assertThatException()
			.isThrownBy(() -> new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
				.properties("kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "kubelet.cert.startup.timeout=2m",
						"kubelet.cert.node-name=n1")
				.run(arguments)
				.close());
	}

	private static String action(CapturedOutput output) {
		assertThat(output).contains("APPLICATION FAILED TO START", "Action:");
		return output.getAll().substring(output.getAll().lastIndexOf("Action:"));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
