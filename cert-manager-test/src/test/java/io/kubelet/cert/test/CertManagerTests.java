package io.kubelet.cert.test;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CertManager}.
 *
 * @see CertManager
 * @see io.kubelet.cert.test.resource.Issuers
 * @see IssuerController
 * @see io.kubelet.cert.test.resource.CertificateRequests
 * @see io.kubelet.cert.test.resource.CertificateRequestValidation
 * @see io.kubelet.cert.test.resource.CustomResources
 */
class CertManagerTests {

	private static final String REQUESTS = "/apis/cert-manager.io/v1/namespaces/shop/certificaterequests";

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final CertManager certManager = this.controlPlane.certManager();

	private final ApiClient client = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());

	@Test
	void apiGroupIsUnknownUntilAnIssuerIsNamed() throws Exception {
		assertThat(this.client.get("/apis").toString()).doesNotContain("cert-manager.io");
		HttpResponse<String> absent = this.client.send("GET", REQUESTS, null, null);
		assertThat(absent.statusCode()).isEqualTo(404);
		assertThat(absent.body()).isEqualTo("404 page not found\n");
		this.certManager.clusterIssuer("internal");
		assertThat(this.client.get("/apis").toString()).contains("cert-manager.io/v1");
		assertThat(this.client.send("GET", REQUESTS, null, null).statusCode()).isEqualTo(200);
	}

	@Test
	void permissionIsForOneNamespace() throws Exception {
		this.certManager.clusterIssuer("internal");
		ApiClient shop = new ApiClient(this.controlPlane, this.controlPlane.addServiceAccount("shop", "shop"));
		assertThat(create(shop, "ClusterIssuer", "internal").statusCode()).isEqualTo(403);
		this.controlPlane.allowIn("shop", "system:serviceaccount:shop:shop", Set.of("create"),
				"certificaterequests.cert-manager.io");
		assertThat(create(shop, "ClusterIssuer", "internal").statusCode()).isEqualTo(201);
		assertThat(shop.send("POST", REQUESTS.replace("/shop/", "/other/"), null, null).statusCode()).isEqualTo(403);
	}

	@Test
	void requestIsApprovedAndIssuedByDefault() throws Exception {
		this.certManager.issuer("shop", "own").externalIssuer("issuers.example.com", "Cloud", "far");
		for (String kind : List.of("Issuer own cert-manager.io", "Cloud far issuers.example.com")) {
			JsonObject issued = issued(create(this.client, kind.split(" ")));
			assertThat(conditions(issued)).containsExactly("Approved", "Ready Issued");
			assertThat(Pem.decode(Json.text(issued, "status", "ca"))).contains("BEGIN CERTIFICATE");
		}
		assertThat(this.certManager.certificateRequests()).hasSize(2);
		assertThat(this.certManager.pendingCertificateRequests()).isEmpty();
	}

	/** The approver of cert-manager needs a permission for each other kind. */
	@Test
	void requestToAnExternalIssuerWaitsInARealCluster() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.realCluster());
		this.certManager.issuer("shop", "own").externalIssuer("awspca.cert-manager.io", "AWSPCAIssuer", "far");
		String far = name(create(this.client, "AWSPCAIssuer", "far", "awspca.cert-manager.io"));
		issued(create(this.client, "Issuer", "own"));
		assertThat(this.certManager.pendingCertificateRequests()).containsExactly(far);
		assertThat(conditions(get(far))).isEmpty();
	}

	@Test
	void issuerThatIsAddedLaterIssues() throws Exception {
		this.certManager.install();
		String name = name(create(this.client, "Issuer", "own"));
		await().untilAsserted(() -> assertThat(conditions(get(name))).containsExactly("Approved", "Ready Pending"));
		assertThat(this.certManager.pendingCertificateRequests()).containsExactly(name);
		this.certManager.issuer("shop", "own");
		await().untilAsserted(() -> assertThat(conditions(get(name))).containsExactly("Approved", "Ready Issued"));
	}

	@Test
	void issuerThatIsReplacedHasAnotherAuthority() {
		String before = this.certManager.clusterIssuer("internal").caPem("internal");
		assertThat(this.certManager.clusterIssuer("internal").caPem("internal")).isEqualTo(before);
		this.certManager.removeClusterIssuer("internal").clusterIssuer("internal");
		assertThat(this.certManager.caPem("internal")).isNotEqualTo(before);
	}

	@Test
	void requestsAreDecidedAboutByHand() throws Exception {
		this.certManager.clusterIssuer("internal");
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		String approved = name(create(this.client, "ClusterIssuer", "internal"));
		String denied = name(create(this.client, "ClusterIssuer", "internal"));
		String failed = name(create(this.client, "ClusterIssuer", "internal"));
		String invalid = name(create(this.client, "ClusterIssuer", "internal"));
		String deleted = name(create(this.client, "ClusterIssuer", "internal"));
		assertThat(this.certManager.pendingCertificateRequests()).hasSize(5);
		this.controlPlane.approve(approved);
		this.controlPlane.deny(denied, "Policy", "not this one");
		this.controlPlane.fail(failed, "Broken", "no key");
		this.controlPlane.invalidate(invalid, "Policy", "no such name");
		this.controlPlane.delete(deleted);
		await().untilAsserted(() -> assertThat(conditions(get(approved))).containsExactly("Approved", "Ready Issued"));
		await().untilAsserted(() -> assertThat(conditions(get(denied))).containsExactly("Denied", "Ready Denied"));
		assertThat(conditions(get(failed))).containsExactly("Ready Failed");
		assertThat(conditions(get(invalid))).containsExactly("InvalidRequest");
		assertThat(this.certManager.certificateRequests()).doesNotContain(deleted);
		assertThat(this.certManager.pendingCertificateRequests()).isEmpty();
	}

	@Test
	void authorityIsMissingOrWrongOnDemand() throws Exception {
		this.certManager.clusterIssuer("internal");
		this.controlPlane.behavior().flaws(SignerFlaw.NO_AUTHORITY);
		assertThat(Json.text(issued(create(this.client, "ClusterIssuer", "internal")), "status", "ca")).isEmpty();
		this.controlPlane.behavior().flaws(SignerFlaw.ANOTHER_AUTHORITY);
		assertThat(Pem.decode(Json.text(issued(create(this.client, "ClusterIssuer", "internal")), "status", "ca")))
			.isNotEmpty()
			.isNotEqualTo(this.certManager.caPem("internal"));
	}

	@Test
	void deletionOfAnotherUidIsRefused() throws Exception {
		this.certManager.clusterIssuer("internal");
		JsonObject created = ApiClient.json(create(this.client, "ClusterIssuer", "internal"));
		String path = REQUESTS + "/" + ApiClient.name(created);
		assertThat(delete(path, "another")).isEqualTo(409);
		assertThat(delete(path, Json.text(created, "metadata", "uid"))).isEqualTo(200);
		assertThat(this.controlPlane.count(RecordedRequest::isDelete)).isEqualTo(2);
	}

	private int delete(String path, String uid) throws Exception {
		String options = Json.object("preconditions", Json.object("uid", uid)).toString();
		return this.client.send("DELETE", path, "application/json", options).statusCode();
	}

	/** Creates a request to the issuer with a kind, a name and possibly a group. */
	private static HttpResponse<String> create(ApiClient client, String... issuer) throws Exception {
		Csr csr = Csr.of("CN=shop", "example.com/unused", List.of("digital signature"), "shop.example.com");
		JsonObject reference = Json.object("kind", issuer[0], "name", issuer[1]);
		if (issuer.length > 2) {
			reference.addProperty("group", issuer[2]);
		}
		JsonElement body = Json.object("apiVersion", "cert-manager.io/v1", "kind", "CertificateRequest", "metadata",
				Json.object("generateName", "shop-"), "spec",
				Json.object("request", Json.at(csr.body(), "spec", "request"), "issuerRef", reference, "usages",
						List.of("digital signature", "server auth"), "duration", "1h"));
		return client.send("POST", REQUESTS, "application/json", body.toString());
	}

	private JsonObject issued(HttpResponse<String> created) {
		String name = name(created);
		return await().until(() -> get(name), (request) -> !Json.text(request, "status", "certificate").isEmpty());
	}

	private JsonObject get(String name) throws Exception {
		return this.client.get(REQUESTS + "/" + name);
	}

	private static String name(HttpResponse<String> created) {
		return ApiClient.name(ApiClient.json(created));
	}

	private static List<String> conditions(JsonObject request) {
		return Json.list(request, "status", "conditions")
			.stream()
			.map((condition) -> Json.text(condition, "type").equals("Ready") ? "Ready " + Json.text(condition, "reason")
					: Json.text(condition, "type"))
			.toList();
	}

}
