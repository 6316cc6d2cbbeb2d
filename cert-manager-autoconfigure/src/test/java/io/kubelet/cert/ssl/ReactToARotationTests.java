package io.kubelet.cert.ssl;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Markdown;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The components of the guide and of the README do what they are for.
 *
 * @see "docs/how-to/react-to-a-rotation.md"
 */
class ReactToARotationTests {

	@TempDir
	Path directory;

	@Test
	void clientIsRebuiltThatWouldKeepItsConnections() throws Exception {
		Class<?> type = component("README.md", "Warehouse");
		try (RotatingApplication application = start(type);
				StandInServer server = ClientRotationTests.server(application)) {
			HttpClient keeps = HttpClient.newBuilder()
				.sslContext(application.bundle("shop-client").createSslContext())
				.build();
			Object warehouse = application.bean(type);
			String before = get(keeps, server.uri());
			assertThat(stock(warehouse, server.uri())).isEqualTo(before);
			X509Certificate rotated = application.rotate("shop-client");
			Awaitility.await()
				.untilAsserted(() -> assertThat(stock(warehouse, server.uri()))
					.isEqualTo(RotatingApplication.serial(rotated)));
			assertThat(get(keeps, server.uri())).isEqualTo(before);
		}
	}

	private Class<?> component(String document, String name) throws Exception {
		return DocumentedJava.compile(Markdown.of(document), Files.createDirectory(this.directory.resolve("classes")))
			.loadClass("com.example.shop." + name);
	}

	private static RotatingApplication start(Class<?> component, String... properties) {
		return new RotatingApplication(component, Stream.concat(
				Stream.of("kubelet.cert.additional.shop-client.signer-name=kubernetes.io/kube-apiserver-client-kubelet",
						"kubelet.cert.additional.shop-client.template.common-name=system:node:test",
						"kubelet.cert.additional.shop-client.template.organizations=system:nodes"),
				Stream.of(properties))
			.toArray(String[]::new));
	}

	private static @Nullable String stock(Object warehouse, URI article) {
		return ReflectionTestUtils.<String>invokeMethod(warehouse, "stock", article);
	}

	private static String get(HttpClient client, URI uri) throws Exception {
		return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
	}

}
