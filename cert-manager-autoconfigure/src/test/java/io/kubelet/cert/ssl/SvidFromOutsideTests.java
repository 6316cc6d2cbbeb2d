package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.FreePort;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assumptions.assumeThatCode;
import static org.awaitility.Awaitility.await;

/**
 * SVIDs that OpenSSL has made, with an empty subject and one URI, in programs that are
 * not written in Java.
 *
 * @see io.kubelet.cert.certificate.peers.SpiffeId
 */
class SvidFromOutsideTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	@TempDir
	private static Path directory;

	@BeforeAll
	static void issue() throws Exception {
		for (String program : List.of("openssl version", "curl --version")) {
			assumeThatCode(() -> new ProcessBuilder(program.split(" ")).start().waitFor()).doesNotThrowAnyException();
		}
		run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt -subj /O=example "
				+ "-days 2 -addext keyUsage=critical,keyCertSign");
		issue("shop", SHOP);
		issue("other", SHOP + "2");
		Files.writeString(directory.resolve("server.crt"), RotatingApplication.plane.caPem());
	}

	private static void issue(String name, String uri) throws Exception {
		Files.writeString(directory.resolve("extensions"), """
				basicConstraints=critical,CA:FALSE
				keyUsage=critical,digitalSignature
				extendedKeyUsage=serverAuth,clientAuth
				subjectAltName=critical,URI:%s
				""".formatted(uri));
		run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout %1$s.key -out %1$s.csr -subj /"
			.formatted(name));
		run("openssl x509 -req -in %1$s.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out %1$s.crt -days 1 -extfile extensions"
			.formatted(name));
	}

	@ParameterizedTest
	@EnumSource
	void curlAndOpenSslAreAcceptedByTheirUri(Kind kind) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, "server.ssl.client-auth=need",
				"server.http2.enabled=true", "kubelet.cert.ssl.trust-file=" + directory.resolve("ca.crt"),
				"kubelet.cert.ssl.accepted-clients.uris=" + SHOP)) {
			for (String http : List.of("--http1.1", "--http2")) {
				String curl = "curl --silent --show-error --max-time 60 --cacert server.crt " + http + " "
						+ server.uri();
				assertThat(output(curl + " --cert shop.crt --key shop.key")).doesNotContain("curl:");
				assertThat(output(curl + " --cert other.crt --key other.key")).contains("curl:");
				assertThat(output(curl)).contains("curl:");
			}
			String openssl = "openssl s_client -quiet -verify_quiet -CAfile server.crt -connect localhost:"
					+ server.port();
			assertThat(output(openssl + " -cert shop.crt -key shop.key")).contains("HTTP/1.1 200");
			assertThat(output(openssl + " -cert other.crt -key other.key")).doesNotContain("HTTP/1.1");
			assertThat(output(openssl)).doesNotContain("HTTP/1.1");
		}
	}

	@Test
	void serverIsAcceptedByItsUri() throws Exception {
		try (RotatingApplication application = new RotatingApplication(
				"kubelet.cert.additional.client.ssl.trust-file=" + directory.resolve("ca.crt"),
				"kubelet.cert.additional.client.ssl.accepted-servers.uris=" + SHOP)) {
			assertThat(request(application, "shop")).isEqualTo(200);
			assertThatIOException().isThrownBy(() -> request(application, "other"));
		}
	}

	private static int request(RotatingApplication application, String name) throws Exception {
		int port = FreePort.find();
		Process server = new ProcessBuilder("openssl", "s_server", "-www", "-accept", "127.0.0.1:" + port, "-cert",
				name + ".crt", "-key", name + ".key")
			.directory(directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(directory.resolve("server.txt").toFile())
			.start();
		try {
			await().until(() -> accepts(port));
			return HttpClient.newBuilder()
				.version(HttpClient.Version.HTTP_1_1)
				.sslContext(application.bundle("client").createSslContext())
				.build()
				.send(HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/")).build(),
						BodyHandlers.discarding())
				.statusCode();
		}
		finally {
			server.destroy();
		}
	}

	private static boolean accepts(int port) {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static void run(String command) throws Exception {
		Process process = start(command);
		process.getOutputStream().close();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
	}

	/** What a program writes that sends a request. */
	private static String output(String command) throws Exception {
		Process process = start(command);
		try {
			process.getOutputStream()
				.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
					.getBytes(StandardCharsets.US_ASCII));
			process.getOutputStream().flush();
		}
		catch (IOException ex) {
			// It has ended already
		}
		return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
	}

	private static Process start(String command) throws IOException {
		return new ProcessBuilder(command.split(" ")).directory(directory.toFile()).redirectErrorStream(true).start();
	}

}
