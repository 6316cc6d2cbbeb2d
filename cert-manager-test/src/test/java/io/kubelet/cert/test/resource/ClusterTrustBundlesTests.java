package io.kubelet.cert.test.resource;

import java.net.http.HttpResponse;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.ApiClient;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterTrustBundles}.
 *
 * @see ClusterTrustBundles
 * @see Pem
 */
class ClusterTrustBundlesTests {

	private static final String V1 = "/apis/certificates.k8s.io/v1/clustertrustbundles";

	private static final String V1BETA1 = "/apis/certificates.k8s.io/v1beta1/clustertrustbundles";

	private static final CertificateAuthority AUTHORITY = CertificateAuthority.create("one");

	private static final String PEM = Pem.write(List.of(AUTHORITY.certificate()));

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ApiClient admin = new ApiClient(this.controlPlane, this.controlPlane.admin());

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			example.com:ca:1 | example.com/ca |
			one | |
			one | example.com/ca | metadata.name: Invalid value: "one": ClusterTrustBundle for signerName \
			example.com/ca must be named with prefix example.com:ca:
			example.com:ca:1 | | metadata.name: Invalid value: "example.com:ca:1": ClusterTrustBundle without signer \
			name must not have ":" in its name
			example.com:ca:A | example.com/ca | metadata.name: Invalid value: "example.com:ca:A": a lowercase RFC 1123
			ca:1 | ca | spec.signerName: Invalid value: "ca": must be a fully qualified domain and path
			""")
	void nameBeginsWithThatOfTheSigner(String name, @Nullable String signer, @Nullable String problem)
			throws Exception {
		JsonObject answer = this.admin.post(V1, bundle(name, signer, PEM));
		if (problem == null) {
			assertThat(Json.text(answer, "metadata", "uid")).isNotEmpty();
		}
		else {
			assertThat(Json.text(answer, "reason")).isEqualTo("Invalid");
			assertThat(Json.text(answer, "message")).contains(problem);
		}
	}

	static Stream<Arguments> contents() throws Exception {
		X509Certificate leaf = AUTHORITY.issue(CertificateAuthority.name("leaf", List.of()),
				SubjectPublicKeyInfo.getInstance(CertificateAuthority.generateKey().getPublic().getEncoded()),
				AUTHORITY.notBefore(), AUTHORITY.notAfter(), List.of("client auth"), List.of());
		String key = Pem.write("PRIVATE KEY", new byte[] { 1, 2, 3 });
		return Stream.of(Arguments.of("", "at least one trust anchor must be provided"),
				Arguments.of("text", "at least one trust anchor must be provided"),
				Arguments.of(PEM + PEM, "duplicate trust anchor (indices [0 1])"),
				Arguments.of(PEM + key, "entry 1 has bad block type: PRIVATE KEY"),
				Arguments.of(Pem.write("CERTIFICATE", new byte[] { 1, 2, 3 }), "entry 0 does not parse as X.509"),
				Arguments.of(PEM + Pem.write(List.of(leaf)), "entry 1 does not have the CA bit set"));
	}

	@ParameterizedTest
	@MethodSource("contents")
	void contentIsNothingButAuthorities(String content, String problem) throws Exception {
		JsonObject answer = this.admin.post(V1, bundle("one", null, content));
		assertThat(Json.text(answer, "message")).isEqualTo("ClusterTrustBundle.certificates.k8s.io \"one\" is invalid: "
				+ "spec.trustBundle: Invalid value: \"<value omitted>\": " + problem);
	}

	@Test
	void signerIsNotChangedAndAnUpdateNamesItsVersion() throws Exception {
		JsonObject created = this.admin.post(V1, bundle("example.com:ca:1", "example.com/ca", PEM));
		created.getAsJsonObject("spec").addProperty("signerName", "example.com/other");
		assertThat(Json.text(this.admin.put(V1 + "/example.com:ca:1", created), "message"))
			.contains("spec.signerName: Invalid value: \"example.com/other\": field is immutable");
		created.getAsJsonObject("metadata").remove("resourceVersion");
		assertThat(Json.text(this.admin.put(V1 + "/example.com:ca:1", created), "message"))
			.contains("metadata.resourceVersion: Invalid value: 0: must be specified for an update");
	}

	@Test
	void publishingForASignerTakesAPermission() throws Exception {
		ApiClient publisher = new ApiClient(this.controlPlane, this.controlPlane.addToken("token", "publisher"));
		this.controlPlane.allow("publisher", Set.of("create"), "clustertrustbundles");
		assertThat(publisher.post(V1, bundle("one", null, PEM)).has("spec")).isTrue();
		assertThat(Json.text(publisher.post(V1, bundle("example.com:ca:1", "example.com/ca", PEM)), "message"))
			.isEqualTo("clustertrustbundles.certificates.k8s.io \"example.com:ca:1\" is forbidden: user not permitted "
					+ "to attest for signerName \"example.com/ca\"");
		this.controlPlane.allow("publisher", Set.of("attest"), "signers", "example.com/*");
		assertThat(publisher.post(V1, bundle("example.com:ca:1", "example.com/ca", PEM)).has("spec")).isTrue();
	}

	@Test
	void versionsShareTheirObjects() throws Exception {
		JsonObject created = this.admin.post(V1, bundle("example.com:ca:1", "example.com/ca", PEM));
		this.admin.post(V1BETA1, bundle("one", null, PEM));
		assertThat(Json.text(created, "apiVersion")).isEqualTo("certificates.k8s.io/v1");
		JsonObject other = this.admin.get(V1BETA1 + "/example.com:ca:1");
		assertThat(Json.text(other, "apiVersion")).isEqualTo("certificates.k8s.io/v1beta1");
		assertThat(this.admin.put(V1BETA1 + "/example.com:ca:1", other)).isEqualTo(other);
		assertThat(Json.list(this.admin.get(V1), "items")).hasSize(2);
		assertThat(Json.list(this.admin.get(V1BETA1 + "?fieldSelector=spec.signerName%3Dexample.com%2Fca"), "items"))
			.hasSize(1);
		try (Stream<String> events = this.admin.stream(V1BETA1 + "?watch=true&timeoutSeconds=1&resourceVersion=1")
			.body()) {
			assertThat(events).hasSize(2).allMatch((event) -> event.contains("certificates.k8s.io/v1beta1"));
		}
		assertThat(this.admin.get("/apis/certificates.k8s.io").toString()).contains("\"v1\"", "\"v1beta1\"");
		assertThat(Json.list(this.admin.get("/apis/certificates.k8s.io/v1beta1"), "resources")).singleElement()
			.hasToString(Json.list(this.admin.get("/apis/certificates.k8s.io/v1"), "resources").get(3).toString());
	}

	@Test
	void versionThatIsNotServedIsNotFound() throws Exception {
		try (EmbeddedControlPlane older = EmbeddedControlPlane.builder().trustBundles("v1beta1").start()) {
			ApiClient client = new ApiClient(older, older.admin());
			HttpResponse<String> answer = client.send("GET", V1, null, null);
			assertThat(answer.statusCode()).isEqualTo(404);
			assertThat(answer.body()).contains("the server could not find the requested resource");
			assertThat(client.get(V1BETA1).has("items")).isTrue();
		}
	}

	private static JsonObject bundle(String name, @Nullable String signer, String content) {
		JsonObject spec = Json.object("trustBundle", content);
		if (signer != null) {
			spec.addProperty("signerName", signer);
		}
		return Json.object("metadata", Json.object("name", name), "spec", spec);
	}

}
