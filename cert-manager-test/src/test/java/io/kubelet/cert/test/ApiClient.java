package io.kubelet.cert.test;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.jspecify.annotations.Nullable;

import static org.awaitility.Awaitility.await;

/**
 * Talks to the control plane over HTTPS, as somebody.
 */
public final class ApiClient {

	public static final String CSRS = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

	private final EmbeddedControlPlane controlPlane;

	private final HttpClient http;

	private final @Nullable String token;

	public ApiClient(EmbeddedControlPlane controlPlane, @Nullable Credential credential) {
		this.controlPlane = controlPlane;
		this.token = (credential instanceof Credential.Token bearer) ? bearer.token() : null;
		this.http = HttpClient.newBuilder()
			.version(HttpClient.Version.HTTP_1_1)
			.sslContext(tls(controlPlane.caPem(), credential))
			.build();
	}

	public HttpResponse<String> send(String method, String path, @Nullable String contentType, @Nullable String body)
			throws IOException, InterruptedException {
		return this.http.send(request(method, path, contentType, body), HttpResponse.BodyHandlers.ofString());
	}

	public HttpResponse<Stream<String>> watch(String query) throws IOException, InterruptedException {
		return stream(CSRS + "?watch=1&" + query);
	}

	public HttpResponse<Stream<String>> stream(String path) throws IOException, InterruptedException {
		return this.http.send(request("GET", path, null, null), HttpResponse.BodyHandlers.ofLines());
	}

	public JsonObject get(String path) throws IOException, InterruptedException {
		return json(send("GET", path, null, null));
	}

	public JsonObject post(String path, JsonElement body) throws IOException, InterruptedException {
		return json(send("POST", path, "application/json", body.toString()));
	}

	public JsonObject create(Csr csr) throws IOException, InterruptedException {
		HttpResponse<String> response = send("POST", CSRS, "application/json", csr.body().toString());
		if (response.statusCode() != 201) {
			throw new IllegalStateException(response.body());
		}
		return json(response);
	}

	/** The conditions of a request, and {@code Issued} where it has its certificate. */
	public List<String> conditions(String name) throws IOException, InterruptedException {
		JsonObject request = get(CSRS + "/" + name);
		List<String> conditions = new ArrayList<>();
		Json.list(request, "status", "conditions").forEach((condition) -> conditions.add(Json.text(condition, "type")));
		if (!Json.text(request, "status", "certificate").isEmpty()) {
			conditions.add("Issued");
		}
		return conditions;
	}

	/** The chain that was issued, once it is. */
	public List<X509Certificate> issued(String name) {
		String certificate = await().until(() -> Json.text(get(CSRS + "/" + name), "status", "certificate"),
				(text) -> !text.isEmpty());
		try {
			return CertificateFactory.getInstance("X.509")
				.generateCertificates(new ByteArrayInputStream(Pem.decode(certificate).getBytes()))
				.stream()
				.map(X509Certificate.class::cast)
				.toList();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

	public static String name(JsonObject object) {
		return Json.text(object, "metadata", "name");
	}

	public JsonObject put(String path, JsonElement body) throws IOException, InterruptedException {
		return json(send("PUT", path, "application/json", body.toString()));
	}

	public static JsonObject json(HttpResponse<String> response) {
		return Json.parse(response.body()).getAsJsonObject();
	}

	private HttpRequest request(String method, String path, @Nullable String contentType, @Nullable String body) {
		HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(this.controlPlane.url() + path))
			.method(method,
					(body != null) ? HttpRequest.BodyPublishers.ofString(body) : HttpRequest.BodyPublishers.noBody());
		if (this.token != null) {
			builder.header("Authorization", "Bearer " + this.token);
		}
		if (contentType != null) {
			builder.header("Content-Type", contentType);
		}
		return builder.build();
	}

	public static SSLContext tls(String caPem, @Nullable Credential credential) {
		try {
			KeyStore trusted = KeyStore.getInstance("JKS");
			trusted.load(null, null);
			trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(caPem.getBytes())));
			TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			trust.init(trusted);
			KeyManager[] keys = null;
			if (credential instanceof ClientCertificate certificate) {
				KeyStore own = KeyStore.getInstance("JKS");
				own.load(null, null);
				own.setKeyEntry("own", certificate.key(), new char[0], new Certificate[] { certificate.certificate() });
				KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
				factory.init(own, new char[0]);
				keys = factory.getKeyManagers();
			}
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(keys, trust.getTrustManagers(), null);
			return context;
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
