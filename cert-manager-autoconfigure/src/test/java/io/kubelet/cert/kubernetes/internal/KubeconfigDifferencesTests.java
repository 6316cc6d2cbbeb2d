package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.testsupport.ProjectFiles;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.HttpUrl;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where kubeconfigs are read otherwise than client-go reads them. What client-go 0.34
 * makes of each is recorded ({@code src/test/go}): {@code clientcmd.LoadFromFile},
 * {@code ClientConfig} and {@code rest.TLSConfigFor}, or the message of the error.
 *
 * @see KubeconfigFile
 * @see KubernetesClients
 * @see AccessFiles
 */
class KubeconfigDifferencesTests {

	private static final String FOLDER = "cert-manager-autoconfigure/src/test/resources/io/kubelet/cert/kubernetes/internal/kubeconfigs/";

	private static final JsonObject RECORDED = JsonParser.parseString(ProjectFiles.read(FOLDER + "client-go.json"))
		.getAsJsonObject();

	/** Where {@code src/test/go} reads them. */
	private static final Path DIRECTORY = Path.of("target/inputs-for-go/kubeconfigs");

	/** Each with its row in the reference. */
	private static final Map<String, String> DIFFERENCES = differences("""
			password                 | `username` and `password` alone, or `as`
			impersonation            | `username` and `password` alone, or `as`
			password-and-certificate | `username` and `password` beside a client certificate or a token
			password-and-token       | `username` and `password` beside a client certificate or a token
			certificate-and-token    | a client certificate and a token
			plug-in-alpha            | `exec` with the API version `v1alpha1`
			plug-in-without-mode     | `exec` without `interactiveMode`
			token-block              | `token` with a blank, a line break or another character than ASCII; a date
			token-folded             | `token` with a blank, a line break or another character than ASCII; a date
			token-non-ascii          | `token` with a blank, a line break or another character than ASCII; a date
			token-with-blank         | `token` with a blank, a line break or another character than ASCII; a date
			token-with-newline       | `token` with a blank, a line break or another character than ASCII; a date
			timestamp-token          | `token` with a blank, a line break or another character than ASCII; a date
			proxy-https              | a proxy with `https` or `socks5`, or with credentials
			proxy-socks              | a proxy with `https` or `socks5`, or with credentials
			proxy-user               | a proxy with `https` or `socks5`, or with credentials
			server-without-scheme    | `server` without a scheme
			server-with-blanks       | `server` with blanks around it
			server-with-user         | `server` with credentials
			server-with-query        | `server` with a query or fragment, or a port or scheme that does not exist
			server-with-fragment     | `server` with a query or fragment, or a port or scheme that does not exist
			server-bad-port          | `server` with a query or fragment, or a port or scheme that does not exist
			server-other-scheme      | `server` with a query or fragment, or a port or scheme that does not exist
			authority-cut            | authorities with a damaged certificate, or an empty file
			authority-damaged-first  | authorities with a damaged certificate, or an empty file
			authority-damaged-second | authorities with a damaged certificate, or an empty file
			authority-file-empty     | authorities with a damaged certificate, or an empty file
			data-and-file            | `certificate-authority` and `certificate-authority-data`
			insecure-with-authority  | `insecure-skip-tls-verify` with authorities
			insecure-text            | `insecure-skip-tls-verify` as a text
			duplicate-cluster        | two clusters or users of one name
			duplicate-user           | two clusters or users of one name
			boolean-name             | names and namespaces that are numbers or `yes`
			namespace-number         | names and namespaces that are numbers or `yes`
			numeric-names            | names and namespaces that are numbers or `yes`
			other-kind               | another `kind` or `apiVersion`; a user that is a text
			other-version            | another `kind` or `apiVersion`; a user that is a text
			user-is-text             | another `kind` or `apiVersion`; a user that is a text
			base64-without-padding   | Base64 without padding
			utf-16                   | UTF-16; several documents; tags of one's own
			custom-tag               | UTF-16; several documents; tags of one's own
			two-documents            | UTF-16; several documents; tags of one's own
			""");

	@ParameterizedTest
	@MethodSource("names")
	void kubeconfigIsReadAsByClientGoOrAsTheReferenceSays(String name) throws IOException {
		JsonObject theirs = RECORDED.getAsJsonObject(name);
		Map<String, String> ours;
		try {
			ours = read(DIRECTORY.resolve(name));
		}
		catch (KubernetesConfigurationException ex) {
			ours = Map.of("error", String.valueOf(ex.getMessage()));
		}
		if (DIFFERENCES.containsKey(name)) {
			assertThat(comparable(ours)).isNotEqualTo(comparable(theirs));
		}
		else {
			assertThat(comparable(ours)).as("%s, and %s", ours, theirs).isEqualTo(comparable(theirs));
		}
	}

	@Test
	void everyInputIsRecordedAndEveryDifferenceIsInTheReference() throws IOException {
		String reference = ProjectFiles.read("docs/reference/compatibility.md");
		try (Stream<Path> files = Files.list(DIRECTORY)) {
			assertThat(files.map((file) -> file.getFileName().toString()).filter((name) -> !name.contains(".")))
				.containsExactlyInAnyOrderElementsOf(RECORDED.keySet());
		}
		assertThat(RECORDED.keySet()).containsAll(DIFFERENCES.keySet());
		assertThat(DIFFERENCES.values()).allSatisfy((row) -> assertThat(reference).contains("| " + row + " |"));
	}

	static Stream<String> names() {
		return RECORDED.keySet().stream();
	}

	private static Map<String, String> comparable(JsonObject recorded) {
		return comparable(recorded.asMap()
			.entrySet()
			.stream()
			.collect(Collectors.toMap(Map.Entry::getKey,
					(entry) -> entry.getValue().isJsonArray() ? String.join(",",
							entry.getValue().getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList())
							: entry.getValue().getAsString())));
	}

	/** All errors are alike, and a slash at the end of an address is none of its path. */
	private static Map<String, String> comparable(Map<String, String> result) {
		if (result.containsKey("error")) {
			return Map.of();
		}
		Map<String, String> comparable = new TreeMap<>(result);
		comparable.computeIfPresent("server", (key, server) -> server.toLowerCase(Locale.ROOT).replaceAll("/+$", ""));
		return comparable;
	}

	private static Map<String, String> read(Path file) throws IOException {
		KubeconfigSource source = new KubeconfigSource(file, null);
		KubeconfigFile kubeconfig = source.read();
		Map<String, String> result = new TreeMap<>(
				Map.of("server", kubeconfig.server(), "namespace", source.namespace()));
		ApiClient client;
		try {
			client = TestClients.create(file, null);
		}
		catch (KubernetesConfigurationException ex) {
			if (kubeconfig.user().get("exec") instanceof Map<?, ?> exec
					&& String.valueOf(ex.getMessage()).contains("cannot be started")) {
				result.put("command", String.valueOf(exec.get("command")).replaceAll(".*/", ""));
				return result;
			}
			throw ex;
		}
		put(result, "insecure", client.isVerifyingSsl() ? null : "true");
		put(result, "serverName", client.getTlsServerName());
		put(result, "proxy", proxy(client.getHttpClient().proxy()));
		put(result, "authorities", fingerprints(kubeconfig.authorities().stream()));
		CertificatePair pair = kubeconfig.clientCertificate();
		put(result, "certificate", (pair != null) ? fingerprints(Stream.of(pair.leaf())) : null);
		put(result, "token", token(client));
		return result;
	}

	private static void put(Map<String, String> result, String name, @Nullable String value) {
		if (value != null && !value.isEmpty()) {
			result.put(name, value);
		}
	}

	private static @Nullable String proxy(@Nullable Proxy proxy) {
		return (proxy != null && proxy.address() instanceof InetSocketAddress address)
				? "http://%s:%d".formatted(address.getHostString(), address.getPort()) : null;
	}

	private static String fingerprints(Stream<X509Certificate> certificates) {
		return certificates
			.map((certificate) -> CertificateNames.fingerprint(certificate)
				.substring("SHA256:".length())
				.substring(0, 16)
				.toLowerCase(Locale.ROOT))
			.collect(Collectors.joining(","));
	}

	/** What a request contains. */
	private static String token(ApiClient client) throws IOException {
		AtomicReference<String> sent = new AtomicReference<>("");
		client.getHttpClient().newBuilder().addInterceptor((chain) -> {
			sent.set(Objects.toString(chain.request().header("Authorization"), ""));
			return new Response.Builder().code(200)
				.message("")
				.protocol(Protocol.HTTP_1_1)
				.request(chain.request())
				.body(ResponseBody.create(new byte[0], null))
				.build();
		}).build().newCall(new Request.Builder().url(HttpUrl.get(client.getBasePath())).build()).execute().close();
		return sent.get().replaceFirst("Bearer ", "");
	}

	/** Each file begins with a line that names it, and may name its encoding. */
	@BeforeAll
	static void write() throws IOException {
		FileSystemUtils.deleteRecursively(DIRECTORY);
		Files.createDirectories(DIRECTORY);
		for (String file : ProjectFiles.read(FOLDER + "kubeconfigs.txt").split("(?m)^== ")) {
			String[] parts = file.split("\n", 2);
			if (parts.length == 2) {
				String[] name = parts[0].split(" ");
				Files.write(DIRECTORY.resolve(name[0]), encoded(parts[1], (name.length > 1) ? name[1] : "UTF-8"));
			}
		}
	}

	private static byte[] encoded(String content, String encoding) {
		return switch (encoding) {
			case "windows-lines" -> content.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
			case "nul" -> (content + "\0").getBytes(StandardCharsets.UTF_8);
			default -> content.getBytes(Charset.forName(encoding));
		};
	}

	private static Map<String, String> differences(String table) {
		return table.lines()
			.map((line) -> line.split(" +\\| ", 2))
			.collect(Collectors.toMap((row) -> row[0], (row) -> row[1]));
	}

}
