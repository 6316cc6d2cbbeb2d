package io.kubelet.cert.test;

import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for who may do what: {@link Identities} and {@link Authorizer}.
 *
 * @see io.kubelet.cert.test.server.Identities
 * @see io.kubelet.cert.test.server.Authorizer
 * @see io.kubelet.cert.test.api.Access
 * @see io.kubelet.cert.test.server.ApiServer
 * @see io.kubelet.cert.test.http.ServerTls
 */
class AccessTests {

	private static final String WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.builder()
		.approval(ApprovalPolicy.manual())
		.start();

	@Test
	void clientCertificateIsUserAndGroups() throws Exception {
		ClientCertificate certificate = this.controlPlane.issueClientCertificate("jane", "dev", "ops");
		JsonObject who = ApiClient.json(ask(certificate));
		assertThat(Json.text(who, "status", "userInfo", "username")).isEqualTo("jane");
		assertThat(Json.texts(who, "status", "userInfo", "groups")).containsExactly("dev", "ops",
				"system:authenticated");
		assertThat(this.controlPlane.requests()).last()
			.extracting(RecordedRequest::certificateSerial)
			.satisfies((serial) -> assertThat(new BigInteger(serial, 16))
				.isEqualTo(certificate.certificate().getSerialNumber()));
	}

	@Test
	void expiredClientCertificateIsRefused() throws Exception {
		Instant now = Instant.now();
		assertThat(ask(this.controlPlane.issueClientCertificate(now.minusSeconds(60), now.minusSeconds(2), "jane"))
			.statusCode()).isEqualTo(401);
		assertThat(ask(this.controlPlane.issueClientCertificate(now.plusSeconds(60), now.plusSeconds(90), "jane"))
			.statusCode()).isEqualTo(401);
	}

	@Test
	void clientCertificateOfAnotherAuthorityIsRefused() throws Exception {
		try (EmbeddedControlPlane other = EmbeddedControlPlane.start()) {
			ClientCertificate foreign = other.issueClientCertificate("admin", "system:masters");
			// Of the same name as the authority, so that a client offers it
			assertThat(ask(foreign).statusCode()).isEqualTo(401);
		}
	}

	@Test
	void servingCertificateIsNoClientCertificate() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		ApiClient bootstrap = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());
		Csr csr = Csr.serving("n1", "n1.example.com");
		ClientCertificate serving = new ClientCertificate("serving",
				bootstrap.issued(ApiClient.name(bootstrap.create(csr))).get(0), csr.key().getPrivate());
		assertThat(ask(serving).statusCode()).isIn(401, 403);
	}

	@Test
	void issuedCertificateAuthenticatesTheNode() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		ApiClient bootstrap = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());
		Csr csr = Csr.kubeletClient("n1");
		ClientCertificate node = new ClientCertificate("n1",
				bootstrap.issued(ApiClient.name(bootstrap.create(csr))).get(0), csr.key().getPrivate());
		assertThat(Json.text(ApiClient.json(ask(node)), "status", "userInfo", "username")).isEqualTo("system:node:n1");
	}

	@Test
	void tokensComeAndGo() throws Exception {
		Credential token = this.controlPlane.addToken("secret", "jane", "dev");
		assertThat(Json.text(ApiClient.json(ask(token)), "status", "userInfo", "username")).isEqualTo("jane");
		this.controlPlane.removeToken("secret");
		assertThat(ask(token).statusCode()).isEqualTo(401);
	}

	@Test
	void anonymousMayLookAtHealthAndVersionOnly() throws Exception {
		ApiClient anonymous = new ApiClient(this.controlPlane, null);
		assertThat(anonymous.send("GET", "/readyz", null, null).statusCode()).isEqualTo(200);
		assertThat(anonymous.send("GET", "/version", null, null).statusCode()).isEqualTo(200);
		HttpResponse<String> refused = anonymous.send("GET", "/apis", null, null);
		assertThat(refused.statusCode()).isEqualTo(403);
		assertThat(refused.body()).contains("forbidden: User \\\"system:anonymous\\\" cannot get path \\\"/apis\\\"");
	}

	@Test
	void approvingNeedsPermissionForTheSignerToo() throws Exception {
		ApiClient bootstrap = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());
		JsonObject request = bootstrap
			.create(Csr.of("CN=demo", "example.com/demo", List.of("digital signature", "client auth")));
		request.add("status", Json.object("conditions", List.of(Json.object("type", "Approved", "status", "True"))));
		String path = ApiClient.CSRS + "/" + ApiClient.name(request) + "/approval";
		ApiClient approver = new ApiClient(this.controlPlane, this.controlPlane.addToken("t", "approver", "approvers"));
		assertThat(approver.put(path, request).toString())
			.contains("cannot update resource \\\"certificatesigningrequests/approval\\\"");
		this.controlPlane.allow("approvers", Set.of("update"), "certificatesigningrequests/approval");
		assertThat(approver.put(path, request).toString())
			.contains("user not permitted to approve requests with signerName \\\"example.com/demo\\\"");
		this.controlPlane.allow("approver", Set.of("approve"), "signers", "example.com/*");
		JsonObject approved = approver.put(path, request);
		assertThat(Json.text(approved, "kind")).isEqualTo("CertificateSigningRequest");
		approved.getAsJsonObject("status").addProperty("certificate", Pem.encode(this.controlPlane.caPem()));
		this.controlPlane.allow("approvers", Set.of("update"), "certificatesigningrequests/status");
		assertThat(approver.put(path.replace("/approval", "/status"), approved).toString())
			.contains("user not permitted to sign requests with signerName \\\"example.com/demo\\\"");
	}

	private HttpResponse<String> ask(@Nullable Credential credential) throws Exception {
		return new ApiClient(this.controlPlane, credential).send("POST", WHO, "application/json", "{}");
	}

}
