package io.kubelet.cert.test.spring;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import io.kubelet.cert.test.CertManager;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.MapPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link EmbeddedControlPlaneInitializer} and
 * {@link EmbeddedControlPlaneConfiguration}.
 *
 * @see EmbeddedControlPlaneInitializer
 * @see io.kubelet.cert.test.resource.SignerName
 */
@ExtendWith(OutputCaptureExtension.class)
class EmbeddedControlPlaneInitializerTests {

	private static final String PROPERTY = "kubelet.cert.kubernetes.kubeconfig";

	@Test
	void initializerGivesAContextItsControlPlane() throws Exception {
		GenericApplicationContext context = new GenericApplicationContext();
		new EmbeddedControlPlaneInitializer().initialize(context);
		new EmbeddedControlPlaneInitializer().initialize(context);
		context.refresh();
		int port = port(context.getBean(EmbeddedControlPlane.class));
		Path kubeconfig = Path.of(context.getEnvironment().getRequiredProperty(PROPERTY));
		assertThat(kubeconfig).exists();
		assertThat(isListening(port)).isTrue();
		context.close();
		assertThat(isListening(port)).isFalse();
		assertThat(kubeconfig.getParent()).doesNotExist();
	}

	@Test
	void applicationBuilderTakesTheInitializer(CapturedOutput output) {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.initializers(new EmbeddedControlPlaneInitializer())
			.properties(PROPERTY + "=/overridden", "spring.main.banner-mode=off")
			.run()) {
			assertThat(context.getBean(Application.class).kubeconfigSeen).isNotNull().isNotEqualTo("/overridden");
			assertThat(output)
				.containsOnlyOnce("The kubeconfig /overridden (kubelet.cert.kubernetes.kubeconfig) is not "
						+ "used: the embedded control plane takes the place of its cluster");
		}
	}

	@Test
	void applicationIsRunWithTheConfiguration() throws Exception {
		Application application;
		SpringApplication.Running running = SpringApplication.from(Application::main)
			.with(EmbeddedControlPlaneConfiguration.class)
			.run("--spring.main.banner-mode=off");
		try (ConfigurableApplicationContext context = running.getApplicationContext()) {
			application = context.getBean(Application.class);
			assertThat(Files.readString(Path.of(String.valueOf(application.kubeconfigSeen))))
				.contains(context.getBean(EmbeddedControlPlane.class).url());
		}
		assertThat(application.reachedAtTheEnd).as("still there while other beans are closed").isTrue();
	}

	@Test
	void fileWithAuthoritiesHasThoseOfTheNamedIssuers() throws Exception {
		GenericApplicationContext context = new GenericApplicationContext();
		String property = "kubelet.cert.ssl.trust-file";
		context.getEnvironment()
			.getPropertySources()
			.addLast(new MapPropertySource("application", Map.of(property, "/etc/pki/ca.crt")));
		new EmbeddedControlPlaneInitializer("example.com/serving", "ClusterIssuer/internal", "Issuer/local")
			.initialize(context);
		context.refresh();
		EmbeddedControlPlane controlPlane = context.getBean(EmbeddedControlPlane.class);
		assertThat(Files.readString(Path.of(context.getEnvironment().getRequiredProperty(property))))
			.isEqualTo(controlPlane.caPem() + controlPlane.certManager().caPem("internal")
					+ controlPlane.certManager().caPem("default", "local"));
		context.close();
	}

	@Test
	void issuersOfNamespacesAndExternalOnesAreNamedInFull() {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			new EmbeddedControlPlaneInitializer("Issuer/shop/internal",
					"awspca.cert-manager.io/AWSPCAClusterIssuer/aws")
				.initialize(context);
			context.refresh();
			CertManager certManager = context.getBean(EmbeddedControlPlane.class).certManager();
			assertThat(certManager.caPem("shop", "internal")).isNotBlank();
			assertThat(certManager.caPem("awspca.cert-manager.io", "AWSPCAClusterIssuer", "aws")).isNotBlank();
		}
	}

	/**
	 * Nobody could request from a signer of such a name, and the start would time out.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "internal", "clusterissuer/internal", "AWSPCAClusterIssuer/aws", "ClusterIssuer/a/b" })
	void nameThatIsNeitherOfASignerNorOfAnIssuerIsRefused(String name) {
		try (GenericApplicationContext context = new GenericApplicationContext()) {
			assertThatIllegalArgumentException()
				.isThrownBy(() -> new EmbeddedControlPlaneInitializer(name).initialize(context))
				.withMessageContaining("'" + name + "' is no signer");
			assertThat(Path.of(context.getEnvironment().getRequiredProperty(PROPERTY)).getParent()).doesNotExist();
		}
	}

	private static int port(EmbeddedControlPlane controlPlane) {
		return URI.create(controlPlane.url()).getPort();
	}

	private static boolean isListening(int port) {
		try (Socket socket = new Socket()) {
			socket.connect(new InetSocketAddress("127.0.0.1", port));
			return true;
		}
		catch (java.io.IOException ex) {
			return false;
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		private @org.jspecify.annotations.Nullable String kubeconfigSeen;

		private boolean reachedAtTheEnd;

		static void main(String[] args) {
			SpringApplication.run(Application.class, args);
		}

		@Bean
		DisposableBean user(EmbeddedControlPlane controlPlane, org.springframework.core.env.Environment environment) {
			this.kubeconfigSeen = environment.getProperty(PROPERTY);
			return () -> this.reachedAtTheEnd = isListening(port(controlPlane));
		}

	}

}
