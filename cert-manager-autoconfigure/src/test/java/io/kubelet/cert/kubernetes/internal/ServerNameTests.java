package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.StandardConstants;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Which server name a client asks for: a router may have only that to find the API
 * server.
 *
 * @see KubernetesClients
 * @see ServerNameSockets
 * @see RotatingApiClient
 */
class ServerNameTests {

	@TempDir
	Path directory;

	private final TestAuthority authority = new TestAuthority("cluster");

	/** The names that clients have asked for (RFC 6066, 3). */
	private final Set<String> asked = ConcurrentHashMap.newKeySet();

	private HttpsServer server;

	@BeforeEach
	void start() throws IOException {
		KeyManager[] keys = Credentials.ofPair(this.authority.pair("any", "kubernetes")).keys();
		this.server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.setHttpsConfigurator(
				new HttpsConfigurator(KubernetesClients.tls(keys, new LiveTrustManager(Trust::system))) {

					@Override
					public void configure(HttpsParameters connection) {
						SSLParameters parameters = getSSLContext().getDefaultSSLParameters();
						parameters.setSNIMatchers(List.of(new Names()));
						connection.setSSLParameters(parameters);
					}

				});
		this.server.start();
	}

	@AfterEach
	void stop() {
		this.server.stop(0);
	}

	@ParameterizedTest
	@CsvSource({ "127.0.0.1, certificate-authority-data: %s", "localhost, insecure-skip-tls-verify: true" })
	void nameInTheKubeconfigIsSent(String host, String trust) throws IOException {
		call(TestClients.create(kubeconfig(host, "kubernetes", trust)));
		assertThat(this.asked).containsExactly("kubernetes");
	}

	@Test
	void nameInTheKubeconfigIsSentWithACertificateThatRotates() throws IOException {
		ExecutorService threads = Executors.newCachedThreadPool();
		KubeconfigSource kubeconfig = new KubeconfigSource(
				kubeconfig("127.0.0.1", "kubernetes", "certificate-authority-data: %s"), null);
		try (RotatingApiClient client = new RotatingApiClient(kubeconfig, new KeyManager[0], threads)) {
			call(client);
		}
		assertThat(this.asked).containsExactly("kubernetes");
	}

	/** As with client-go. */
	@ParameterizedTest
	@ValueSource(strings = { "192.0.2.1", "fd00::1" })
	void addressIsNotSent(String name) throws IOException {
		call(TestClients.create(kubeconfig("127.0.0.1", name, "insecure-skip-tls-verify: true")));
		assertThat(this.asked).isEmpty();
	}

	@Test
	void whatIsNoNameIsReported() {
		Path kubeconfig = kubeconfig("127.0.0.1", "kubernetes:443", "certificate-authority-data: %s");
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> TestClients.create(kubeconfig))
			.withMessage("The kubeconfig %s is malformed: its tls-server-name is not a host name such as "
					+ "kubernetes.default.svc", kubeconfig);
	}

	private Path kubeconfig(String host, String name, String trust) {
		String ca = Pem.write(List.of(this.authority.certificate()));
		return Adapter.write(this.directory.resolve("kubeconfig"), """
				clusters:
				- {name: c, cluster: {server: "https://%s:%d", tls-server-name: "%s", %s}}
				contexts: [{name: x, context: {cluster: c}}]
				current-context: x
				""".formatted(host, this.server.getAddress().getPort(), name,
				trust.formatted(Base64.getEncoder().encodeToString(ca.getBytes(StandardCharsets.US_ASCII)))));
	}

	/** The server has no such thing: who is told so has trusted it. */
	private static void call(ApiClient client) {
		Call call = ApiObjects.read(client, "/things", "one");
		assertThatExceptionOfType(ApiException.class).isThrownBy(() -> ApiObjects.execute(call))
			.returns(404, ApiException::getCode);
	}

	/** Accepts every name, and notes it. */
	private final class Names extends SNIMatcher {

		Names() {
			super(StandardConstants.SNI_HOST_NAME);
		}

		@Override
		public boolean matches(SNIServerName name) {
			ServerNameTests.this.asked.add(new SNIHostName(name.getEncoded()).getAsciiName());
			return true;
		}

	}

}
