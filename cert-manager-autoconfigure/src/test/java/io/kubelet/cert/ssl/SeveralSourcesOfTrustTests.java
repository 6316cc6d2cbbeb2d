package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import javax.net.ssl.SSLException;

import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A server that trusts a file, a ConfigMap and its issuer, in real handshakes.
 *
 * @see io.kubelet.cert.autoconfigure.ssl.TrustedAuthorities
 * @see io.kubelet.cert.actuate.TrustDescriptor
 */
@ExtendWith(OutputCaptureExtension.class)
class SeveralSourcesOfTrustTests {

	private static final TestAuthority inFile = new TestAuthority("in-file");

	private static final TestAuthority inConfigMap = new TestAuthority("in-config-map");

	private static final TestAuthority inBoth = new TestAuthority("in-both");

	@AutoClose
	private final EmbeddedControlPlane own = EmbeddedControlPlane.start();

	@TempDir
	private Path directory;

	@BeforeEach
	void installIssuer() {
		this.own.certManager().clusterIssuer("internal");
	}

	@Test
	void peersOfEachSourceAreAcceptedUntilTheirAuthorityIsInNone(CapturedOutput output) throws Exception {
		Path file = write(inFile, inBoth);
		CoreV1Api api = new CoreV1Api(
				TestClients.create(this.own.writeKubeconfig(this.directory.resolve("admin"), this.own.admin())));
		api.createNamespacedConfigMap("default", configMap(inConfigMap, inBoth)).execute();
		try (RotatingServer server = start("kubelet.cert.ssl.trust=issuer", "kubelet.cert.ssl.trust-file=" + file,
				"kubelet.cert.ssl.trust-config-map=clients")) {
			assertThat(output).contains("[server] Certificate authorities that the SSL bundle 'server' trusts: 4 (",
					"from kubelet.cert.ssl.trust, kubelet.cert.ssl.trust-file, kubelet.cert.ssl.trust-config-map");
			CertificatePair ofIssuer = server.pair("server");
			List<CertificatePair> lasting = List.of(ofIssuer, inFile.pair("a"), inConfigMap.pair("a"));
			CertificatePair leaving = inBoth.pair("a");
			assertThat(lasting).allMatch((pair) -> accepts(server, pair));
			assertThat(List.of(new TestAuthority("in-file").pair("a"), ofCluster()))
				.noneMatch((pair) -> accepts(server, pair));
			Connection connection = connect(server, leaving);
			connection.get();

			write(inFile);
			await().untilAsserted(() -> assertThat(output).contains("The certificate authorities in " + file
					+ " have changed: 4 trusted now with those of the other sources\n"));
			connection.get();
			assertThat(connection.isKeptAlive()).as("nothing was removed").isTrue();
			assertThat(accepts(server, leaving)).isTrue();

			api.replaceNamespacedConfigMap("clients", "default", configMap(inConfigMap)).execute();
			await().until(() -> {
				connection.get();
				return !connection.isKeptAlive();
			});
			assertThat(accepts(server, leaving)).isFalse();
			assertThat(lasting).allMatch((pair) -> accepts(server, pair));

			Files.delete(file);
			api.deleteNamespacedConfigMap("clients", "default").execute();
			await().untilAsserted(() -> assertThat(sources(server)).extracting((source) -> source.hasNonNull("problem"))
				.containsExactly(false, true, true));
			assertThat(lasting).allMatch((pair) -> accepts(server, pair));
			assertThat(sources(server)).extracting((source) -> source.get("property").asString())
				.containsExactly("kubelet.cert.ssl.trust", "kubelet.cert.ssl.trust-file",
						"kubelet.cert.ssl.trust-config-map");
			assertThat(sources(server)).extracting((source) -> source.get("place").asString())
				.containsExactly("the certificate 'server'", file.toString(), "the ConfigMap default/clients");
			assertThat(sources(server)).extracting((source) -> source.get("count").asInt()).containsOnly(1);
			JsonNode authority = sources(server).get(1).get("authorities").get(0);
			assertThat(authority.get("subject").asString()).isEqualTo("CN=in-file");
			assertThat(authority.get("fingerprint").asString())
				.isEqualTo(CertificateNames.fingerprint(inFile.certificate()));
		}
	}

	@Test
	void defaultAddsNothingToAFile() throws Exception {
		try (RotatingServer server = start("kubelet.cert.ssl.trust-file=" + write(inFile))) {
			assertThat(accepts(server, ofCluster())).isFalse();
			assertThat(accepts(server, inFile.pair("a"))).isTrue();
		}
	}

	private CertificatePair ofCluster() {
		ClientCertificate issued = this.own.issueClientCertificate("a");
		return new CertificatePair(List.of(issued.certificate()), issued.key());
	}

	private RotatingServer start(String... properties) {
		return new RotatingServer(Kind.TOMCAT, Observed.class, Stream.concat(
				Stream.of(
						"kubelet.cert.kubernetes.kubeconfig="
								+ this.own.writeKubeconfig(this.directory, this.own.admin()),
						"kubelet.cert.signer-name=", "kubelet.cert.issuer.name=internal",
						"kubelet.cert.issuer.kind=ClusterIssuer",
						"kubelet.cert.usages=digital signature,server auth,client auth",
						"kubelet.cert.ssl.trust-overlap=0s", "kubelet.cert.additional.client.ssl.trust=cluster",
						"server.ssl.client-auth=need", "management.endpoints.web.exposure.include=certificates"),
				Stream.of(properties))
			.toArray(String[]::new));
	}

	private boolean accepts(RotatingServer server, CertificatePair client) {
		try (Connection connection = connect(server, client)) {
			connection.get();
			return true;
		}
		catch (ConnectException ex) {
			throw new IllegalStateException(ex);
		}
		catch (SSLException | SocketException ex) {
			return false;
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private Connection connect(RotatingServer server, CertificatePair client) throws IOException {
		return new Connection(
				InsistentKeyManager.context(client,
						Trust.exactly(Pem.readCertificates(this.own.certManager().caPem("internal"))), "TLSv1.3"),
				server.port(), null);
	}

	/** As the endpoint shows them. */
	private static List<JsonNode> sources(RotatingServer server) {
		return JsonMapper.shared()
			.valueToTree(server.bean(CertificatesEndpoint.class).certificate("server"))
			.get("trust")
			.get("sources")
			.valueStream()
			.toList();
	}

	private Path write(TestAuthority... authorities) throws IOException {
		return TestAuthority.replace(this.directory.resolve("ca.crt"), authorities);
	}

	private static V1ConfigMap configMap(TestAuthority... authorities) throws ApiException {
		return new V1ConfigMap().metadata(new V1ObjectMeta().name("clients"))
			.data(Map.of("ca.crt", TestAuthority.pem(authorities)));
	}

	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	@ImportAutoConfiguration(CertificateActuatorAutoConfiguration.class)
	static class Observed {

	}

}
