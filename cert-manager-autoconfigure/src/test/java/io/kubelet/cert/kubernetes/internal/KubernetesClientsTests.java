package io.kubelet.cert.kubernetes.internal;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;

import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import okhttp3.Call;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link KubernetesClients}: each kind of credential, and each mistake.
 *
 * @see KubernetesClients
 * @see KubeconfigFile
 * @see KubeconfigSource
 * @see Credentials
 * @see CredentialPlugIn
 */
@ExtendWith(OutputCaptureExtension.class)
class KubernetesClientsTests {

	@TempDir
	Path directory;

	@AutoClose
	private static final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	@Test
	void serverIsReachedThroughTheProxyInTheKubeconfigOrThatOfTheJvm() throws Exception {
		try (TunnelingProxy proxy = new TunnelingProxy()) {
			assertThat(userOf(withProxy("http://127.0.0.1:" + proxy.port()))).isEqualTo("system:bootstrap:abcdef");
			assertThat(proxy.targets()).containsExactly(URI.create(controlPlane.url()).getAuthority());
			System.setProperty("https.proxyHost", "127.0.0.1");
			System.setProperty("https.proxyPort", String.valueOf(proxy.port()));
			// The JDK adds loopback addresses to a list that is not empty
			System.setProperty("http.nonProxyHosts", "");
			try {
				assertThat(userOf(write("token: " + token()))).isEqualTo("system:bootstrap:abcdef");
			}
			finally {
				Stream.of("https.proxyHost", "https.proxyPort", "http.nonProxyHosts").forEach(System::clearProperty);
			}
			// Clients of other tests may find it meanwhile
			assertThat(proxy.targets()).filteredOn(URI.create(controlPlane.url()).getAuthority()::equals).hasSize(2);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "socks5://127.0.0.1:1080", "https://127.0.0.1:3128", "http://user:secret@127.0.0.1:3128",
			"http://:secret@127.0.0.1:3128", "http://http://user:secret@127.0.0.1:3128" })
	void proxyThatIsNotSupportedIsReported(String proxy) {
		refused(withProxy(proxy), null, "has a proxy-url that is not supported: set it to a URL such as")
			.withMessageNotContaining("secret");
	}

	private Path withProxy(String proxy) {
		return replaced("server:", "proxy-url: %s\n    server:".formatted(proxy));
	}

	@Test
	void tokenFileIsReadRelativeToTheKubeconfigAndWinsOverToken() throws Exception {
		Files.writeString(this.directory.resolve("token"), token() + "\n");
		Path kubeconfig = Path.of("").toAbsolutePath().relativize(write("token: outdated\n    tokenFile: token"));
		assertThat(userOf(kubeconfig)).isEqualTo("system:bootstrap:abcdef");
	}

	@Test
	void tokenInAFileIsReadForEachRequest() throws Exception {
		controlPlane.addToken("first", "one");
		controlPlane.addToken("second", "two");
		Path token = Files.writeString(this.directory.resolve("token"), "first");
		ApiClient client = TestClients.create(write("tokenFile: token"), null);
		assertThat(userOf(client)).isEqualTo("one");
		Files.writeString(token, "second");
		assertThat(userOf(client)).isEqualTo("two");
	}

	/** As by 'kubectl create token', which empties the file first. */
	@Test
	void lastTokenIsUsedWhileItsFileIsEmptyOrMissing() throws Exception {
		Path token = Files.writeString(this.directory.resolve("token"), token());
		Path kubeconfig = write("tokenFile: token");
		ApiClient one = TestClients.create(kubeconfig, null);
		ApiClient two = TestClients.create(kubeconfig, null);
		Files.writeString(token, "");
		assertThat(userOf(one)).isEqualTo("system:bootstrap:abcdef");
		Files.delete(token);
		assertThat(userOf(two)).isEqualTo("system:bootstrap:abcdef");
	}

	@Test
	void clientCertificateInTheKubeconfigOrInFilesNextToItIsPresented() throws Exception {
		ClientCertificate one = controlPlane.issueClientCertificate("system:node:one", "system:nodes");
		assertThat(userOf(controlPlane.writeKubeconfig(this.directory, one))).isEqualTo("system:node:one");
		ClientCertificate two = controlPlane.issueClientCertificate("system:node:two", "system:nodes");
		Files.createDirectory(this.directory.resolve("pki"));
		Files.writeString(this.directory.resolve("pki/node.pem"), two.certificatePem() + two.keyPem());
		assertThat(userOf(write("client-certificate: pki/node.pem\n    client-key: pki/node.pem")))
			.isEqualTo("system:node:two");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '^',
			textBlock = """
					tokenFile: no-token                                                | names as tokenFile does not exist
					client-certificate: none, client-key: none                         | as client-certificate does not exist
					token: 12345                                                       | is malformed: 'token' is no text. Write one value in quotes
					tokenFile: [a]                                                     | is malformed: 'tokenFile' is no text
					client-certificate-data: 1, client-key-data: 1                     | is malformed: 'client-certificate-data' is no text
					""")
	void credentialsThatCannotBeUsedAreReported(String user, String message) {
		refused(write(user.replace(", ", "\n    ")), null, message);
	}

	/**
	 * Its standard error would be that of the application, whose log it is in a
	 * container.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "v1", "v1beta1" })
	@EnabledOnOs(OS.LINUX)
	void execPluginIsRunRelativeToTheKubeconfigAndItsErrorsAreDiscarded(String version) throws Exception {
		Path kubeconfig = write(execPlugin(version));
		Path script = this.directory.resolve("login.sh");
		Files.writeString(script, Files.readString(script)
				+ "readlink /proc/$$/fd/2 >%1$s/error\necho \"$KUBERNETES_EXEC_INFO\" >%1$s/info\ncat >>%1$s/info\n"
					.formatted(this.directory));
		assertThat(userOf(kubeconfig)).isEqualTo("system:bootstrap:abcdef");
		assertThat(this.directory.resolve("error")).content().isEqualToIgnoringNewLines("/dev/null");
		assertThat(this.directory.resolve("info")).content()
			.contains("\"apiVersion\":\"client.authentication.k8s.io/%s\"".formatted(version), "\"interactive\":false")
			.doesNotContain("cluster");
	}

	/** As with client-go, with the content of a file. */
	@ParameterizedTest
	@CsvSource({ "client.authentication.k8s.io/exec, '{\"audience\":\"shop\"}'", "other," })
	@EnabledOnOs(OS.LINUX)
	void execPluginThatAsksForTheClusterIsGivenIt(String extension, @Nullable String config) throws Exception {
		Files.writeString(this.directory.resolve("ca.crt"), controlPlane.caPem());
		Path kubeconfig = write(execPlugin("v1") + "\n      provideClusterInfo: true");
		Adapter.write(kubeconfig, Files.readString(kubeconfig).replaceFirst("certificate-authority-data: .*", """
				certificate-authority: ca.crt
				    tls-server-name: localhost
				    extensions: [{name: %s, extension: {audience: shop}}]""".formatted(extension)));
		Path script = this.directory.resolve("login.sh");
		Files.writeString(script, Files.readString(script) + "echo \"$KUBERNETES_EXEC_INFO\" >$(dirname $0)/info\n");
		assertThat(userOf(kubeconfig)).isEqualTo("system:bootstrap:abcdef");
		JsonObject info = ApiObjects.object(Files.readString(this.directory.resolve("info")));
		assertThat(ApiObjects.member(ApiObjects.member(info, "spec"), "cluster")).isEqualTo(ApiObjects.object("""
				{"server": "%s", "tls-server-name": "localhost", "insecure-skip-tls-verify": false,
				 "certificate-authority-data": "%s"%s}
				""".formatted(controlPlane.url(),
				Base64.getEncoder().encodeToString(controlPlane.caPem().getBytes(StandardCharsets.US_ASCII)),
				(config != null) ? ", \"config\": " + config : "")));
	}

	@Test
	void firstFileInTheVariableThatExistsIsUsed() {
		Path kubeconfig = write("token: " + token());
		Path missing = this.directory.resolve("missing");
		assertThat(KubeconfigSource.find(missing + File.pathSeparator + File.pathSeparator + kubeconfig, missing))
			.isEqualTo(kubeconfig);
		assertThat(KubeconfigSource.find(" ", kubeconfig)).isEqualTo(kubeconfig);
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> KubeconfigSource.find(missing.toString(), kubeconfig))
			.withMessage("The environment variable KUBECONFIG names no file that exists: " + missing);
	}

	@Test
	void contextThatIsNamedIsUsed() {
		Path kubeconfig = replaced("current-context: embedded", "current-context: other");
		refused(kubeconfig, null, "names no server: its current context");
		assertThat(userOf(TestClients.create(kubeconfig, "embedded"))).isEqualTo("system:bootstrap:abcdef");
	}

	/** As with client-go, 'kubectl config use-context' is for others. */
	@Test
	void contextThatIsCurrentAtFirstRemainsAndNoOtherReplacesIt() {
		Path kubeconfig = write("token: " + token());
		KubeconfigSource source = new KubeconfigSource(kubeconfig, null);
		String server = source.read().server();
		String others = """
				contexts: [{name: %s, context: {cluster: embedded}}, {name: other, context: {cluster: other}}]
				current-context: other
				clusters: [{name: embedded, cluster: {server: " %s/ "}}, {name: other, cluster: {server: "https://other"}}]
				""";
		Adapter.write(kubeconfig, others.formatted("embedded", server));
		assertThat(source.read().server()).isEqualTo(server);
		Adapter.write(kubeconfig, others.formatted("gone", server));
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(source::read)
			.withMessageContaining("has no context 'embedded'");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "[]", "just text", "users:\n- name: one\n  token: \"s3cr3t\n" })
	void whatIsNoKubeconfigIsReported(String content) {
		refused(this.directory.resolve("missing"), null, "missing does not exist");
		refused(Adapter.write(this.directory.resolve("none"), content), null,
				"is malformed: it is not a mapping in YAML")
			.withMessageNotContaining("s3cr3t")
			.withNoCause();
	}

	/** As with a name that contains itself, or a path that no file system has. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			contexts: &a [{name: x, context: {cluster: *a, user: *a}}] | names no server
			contexts: [{name: x, context: {cluster: c}}]               | it names a file by a text that is no path
			""")
	void whatIsNoNameOrNoPathIsReported(String contexts, String message) {
		refused(Adapter.write(this.directory.resolve("odd"), contexts + """

				current-context: x
				clusters: [{name: c, cluster: {server: a, certificate-authority: "a\\0b"}}]
				"""), null, message);
	}

	/** Others have certificates of the same authority, such as a kubelet. */
	@ParameterizedTest
	@CsvSource({ "localhost, true", "node-1, false" })
	void certificateOfTheServerHasToHaveItsName(String name, boolean accepted) throws Exception {
		TestAuthority authority = new TestAuthority("cluster");
		HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		server.setHttpsConfigurator(new HttpsConfigurator(KubernetesClients
			.tls(Credentials.ofPair(authority.pair("any", name)).keys(), new LiveTrustManager(Trust::system))));
		server.start();
		try {
			Path kubeconfig = Adapter.write(this.directory.resolve("named"), """
					clusters: [{name: c, cluster: {server: "https://localhost:%d", certificate-authority-data: %s}}]
					contexts: [{name: x, context: {cluster: c}}]
					current-context: x
					""".formatted(server.getAddress().getPort(), Base64.getEncoder()
				.encodeToString(Pem.write(List.of(authority.certificate())).getBytes(StandardCharsets.US_ASCII))));
			Call call = ApiObjects.read(TestClients.create(kubeconfig), "/things", "one");
			assertThatException().isThrownBy(() -> ApiObjects.execute(call))
				.isInstanceOf(accepted ? ApiException.class : SSLPeerUnverifiedException.class);
		}
		finally {
			server.stop(0);
		}
	}

	@Test
	void contextThatIsMissingIsNamed() {
		Path kubeconfig = write("token: " + token());
		String message = "The kubeconfig " + kubeconfig + " has no context 'prod'";
		refused(kubeconfig, "prod", message);
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> new KubeconfigSource(kubeconfig, "prod").namespace())
			.withMessageContaining(message);
	}

	@Test
	void warningOfAServerThatIsNotVerifiedIsGivenOnce(CapturedOutput output) {
		Path kubeconfig = replaced("certificate-authority-data: .*", "insecure-skip-tls-verify: true");
		for (int client = 0; client < 2; client++) {
			assertThat(userOf(kubeconfig)).isEqualTo("system:bootstrap:abcdef");
		}
		assertThat(output).containsOnlyOnce("The API server at " + controlPlane.url()
				+ " is not verified, because the kubeconfig " + kubeconfig + " sets insecure-skip-tls-verify");
	}

	@Test
	void tokenThatIsNotSentWithoutTlsIsToldOnce(CapturedOutput output) {
		Path kubeconfig = replaced("server: .*", "server: http://192.0.2.7:6443");
		for (int client = 0; client < 2; client++) {
			TestClients.create(kubeconfig, null);
		}
		assertThat(output).containsOnlyOnce("The API server at http://192.0.2.7:6443 receives no token, "
				+ "because its address in the kubeconfig " + kubeconfig + " is without TLS");
	}

	@ParameterizedTest
	@CsvSource({ "cluster: embedded, cluster: gone, names no server",
			"server: .*, server: https://my server, its server is not a URL such as https://192.0.2.1:6443",
			"server: .*, server: https://me:s3cr3t@192.0.2.1, 'its server is not a URL such as https://192.0.2.1:6443, without credentials'",
			"server: .*, server: https://https://me:s3cr3t@192.0.2.1, 'its server is not a URL such as https://192.0.2.1:6443, without credentials'",
			"server: .*, 'server: https://https://192.0.2.1', its server is not a URL such as https://192.0.2.1:6443",
			"server: .*, 'server: \"https://192.0.2.1/\n token: s3cr3t\"', its server is not a URL such as https://192.0.2.1:6443" })
	void serverThatIsMissingOrNoUrlIsReported(String part, String replacement, String message) {
		refused(replaced(part, replacement), null, message).withMessageNotContaining("s3cr3t");
	}

	@Test
	void kubeconfigIsNamedWithoutItsContent() {
		Path file = write("token: s3cr3t");
		assertThat(KubeconfigFile.read(file, null)).hasToString("the kubeconfig " + file);
	}

	@ParameterizedTest
	@CsvSource({ "10.0.0.1, https://10.0.0.1:443", "fd00::1, https://[fd00::1]:443" })
	void serviceAccountOfAPodStandsForAKubeconfig(String host, String server) throws Exception {
		Files.writeString(this.directory.resolve("ca.crt"), controlPlane.caPem());
		KubeconfigFile file = inPod(host, null).read();
		assertThat(file.server()).isEqualTo(server);
		assertThat(file.origin()).isEqualTo("the pod's service account");
		assertThat(file.authorities()).hasSize(1);
		assertThat(file.authorityFiles()).contains(this.directory.resolve("ca.crt"));
		assertThat(file.text(file.user(), "tokenFile")).isEqualTo(this.directory.resolve("token").toString());
	}

	/** Requests would go to another cluster. */
	@Test
	void contextOfAPodWithoutAKubeconfigIsReported() throws Exception {
		KubeconfigSource source = inPod("10.0.0.1", "other");
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(source::read)
			.withMessage(
					"The pod's service account has no context 'other': set 'kubelet.cert.kubernetes.kubeconfig' to the kubeconfig that has it, or remove 'kubelet.cert.kubernetes.context'");
	}

	private KubeconfigSource inPod(String host, @Nullable String context) throws IOException {
		Files.writeString(this.directory.resolve("token"), "one");
		return new KubeconfigSource(null, context,
				Map.of("KUBERNETES_SERVICE_HOST", host, "KUBERNETES_SERVICE_PORT", "443", "KUBECONFIG", "/none"),
				this.directory);
	}

	@ParameterizedTest
	@ValueSource(strings = { "certificate-authority: missing.pem", "certificate-authority-data: '!!!'",
			"certificate-authority-data: aGVsbG8=" })
	void authoritiesThatCannotBeReadAreReported(String authority) {
		refused(replaced("certificate-authority-data: .*", authority), null, "certificate-authority");
	}

	private String execPlugin(String version) throws IOException {
		Path script = this.directory.resolve("login.sh");
		Files.writeString(script, """
				#!/bin/sh
				echo '{"apiVersion": "client.authentication.k8s.io/%s", "kind": "ExecCredential",
				  "status": {"token": "'$TOKEN'"}}'
				""".formatted(version));
		Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
		return """
				exec:
				      apiVersion: client.authentication.k8s.io/%s
				      command: ./login.sh
				      env:
				      - name: TOKEN
				        value: %s""".formatted(version, token());
	}

	private String token() {
		return ((Credential.Token) controlPlane.bootstrap()).token();
	}

	/** A kubeconfig with these credentials in place of a token. */
	private Path write(String user) {
		String kubeconfig = controlPlane.kubeconfig(Credential.token("one", "TOKEN"));
		return Adapter.write(this.directory.resolve("kubeconfig"), kubeconfig.replace("token: TOKEN", user));
	}

	private String userOf(Path kubeconfig) {
		return userOf(TestClients.create(kubeconfig, null));
	}

	/** Who the server takes the client for. */
	private String userOf(ApiClient client) {
		controlPlane.clearRequests();
		List<Boolean> noDelays = Adapter.noDelays(client);
		try {
			new CertificatesV1Api(client).listCertificateSigningRequest().execute();
		}
		catch (ApiException ex) {
			assertThat(ex.getCode()).as(ex.getMessage()).isIn(401, 403);
		}
		finally {
			client.getHttpClient().dispatcher().executorService().shutdown();
			client.getHttpClient().connectionPool().evictAll();
		}
		assertThat(noDelays).as("TCP_NODELAY").containsExactly(true);
		return controlPlane.requests().stream().map(RecordedRequest::user).findFirst().orElseThrow();
	}

	/** A kubeconfig with a token, one part of which is replaced. */
	private Path replaced(String part, String replacement) {
		String kubeconfig = controlPlane.kubeconfig(Credential.token("one", token()));
		return Adapter.write(this.directory.resolve("kubeconfig"), kubeconfig.replaceFirst(part, replacement));
	}

	private ThrowableAssertAlternative<KubernetesConfigurationException> refused(Path kubeconfig,
			@Nullable String context, String message) {
		return assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> TestClients.create(kubeconfig, context))
			.withMessageContainingAll(message, this.directory.toString());
	}

}
