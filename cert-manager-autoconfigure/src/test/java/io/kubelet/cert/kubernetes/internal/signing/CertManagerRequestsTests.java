package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Adapter;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CertManagerRequests}: what becomes of each state of an object, how
 * many requests it takes, and what is left behind.
 */
@ExtendWith(OutputCaptureExtension.class)
class CertManagerRequestsTests {

	private static final String ACCOUNT = "system:serviceaccount:shop:shop";

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final List<SubmittedRequest> progress = new CopyOnWriteArrayList<>();

	@TempDir
	private Path directory;

	@BeforeEach
	void installCertManager() {
		this.plane.certManager().clusterIssuer("internal");
		allow("create", "get", "list", "watch", "delete");
	}

	private void allow(String... verbs) {
		this.plane.allowIn("shop", ACCOUNT, Set.of(verbs), "certificaterequests.cert-manager.io");
	}

	@Test
	void certificateTakesOneCreateOneWatchAndOneDeletion() {
		CertificateSigner signer = signer("internal");
		CertificateRequest request = request("internal");
		List<X509Certificate> chain = answer(signer, request);
		assertThat(chain.get(0).getPublicKey()).isEqualTo(request.publicKey());
		assertThat(Pem.write(this.progress.get(this.progress.size() - 1).authorities()))
			.isEqualTo(this.plane.certManager().caPem("internal"));
		discard(signer, confirmed(request));
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
		assertThat(this.plane.requests()).hasSize(3);
	}

	@Test
	void requestToAnIssuerThatDoesNotExistIsPendingWithItsMessage() {
		CompletableFuture<List<X509Certificate>> answer = signer("absent").request(request("absent"),
				this.progress::add);
		await().untilAsserted(() -> assertThat(this.progress).isNotEmpty()
			.last()
			.returns("Referenced \"ClusterIssuer\" not found: clusterissuer.cert-manager.io \"absent\" not found",
					SubmittedRequest::message)
			.returns(List.of("Approved"), SubmittedRequest::conditions));
		assertThat(answer).isNotDone();
		this.plane.certManager().clusterIssuer("absent");
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
	}

	@Test
	void issuerThatIsReplacedWhileARequestIsPendingSignsIt() {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		String replaced = this.plane.certManager().caPem("internal");
		CompletableFuture<List<X509Certificate>> answer = signer("internal").request(request("internal"),
				this.progress::add);
		await().untilAsserted(() -> assertThat(this.progress).isNotEmpty());
		assertThat(last()).returns(List.of(), SubmittedRequest::conditions).returns("", SubmittedRequest::message);
		this.plane.certManager().removeClusterIssuer("internal").clusterIssuer("internal");
		this.plane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(Pem.write(last().authorities())).isEqualTo(this.plane.certManager().caPem("internal"))
			.isNotEqualTo(replaced);
	}

	@Test
	void deniedRequestIsDenied() {
		this.plane.behavior().approval(ApprovalPolicy.denying("policy.example.com", "shop.example.com is not allowed"));
		failure("internal").returns(Kind.DENIED, Kind::of)
			.withMessageMatching("Request shop-\\w+ to issuer ClusterIssuer/internal was denied: "
					+ "shop.example.com is not allowed")
			.satisfies((failure) -> assertThat(((RequestException) failure).reason()).isEqualTo("policy.example.com"));
	}

	@Test
	void failedRequestIsFailed() {
		answersByHand((name) -> this.plane.fail(name, "ignored", "the authority has expired"));
		failure("internal").returns(Kind.FAILED, Kind::of)
			.withMessageMatching(
					"Issuer ClusterIssuer/internal failed to sign request shop-\\w+: " + "the authority has expired");
	}

	@Test
	void invalidRequestIsRejected() {
		answersByHand((name) -> this.plane.invalidate(name, "policy", "no such name"));
		failure("internal").returns(Kind.REJECTED, Kind::of)
			.withMessageMatching("Request shop-\\w+ to issuer ClusterIssuer/internal is invalid: no such name");
	}

	@Test
	void requestThatTheWebhookRefusesIsRejected() {
		IssuerReference issuer = new IssuerReference("Wrong", "internal", IssuerReference.CERT_MANAGER);
		failure(signer(issuer, "shop"), request(issuer.toString())).returns(Kind.REJECTED, Kind::of)
			.withMessageContaining("(406): admission webhook \"webhook.cert-manager.io\" denied the request: "
					+ "spec.issuerRef.kind: Invalid value: \"Wrong\"");
	}

	@Test
	void anotherNamespaceIsRefusedWithTheRole() {
		failure(signer(issuer("internal"), "other"), request("internal")).returns(Kind.UNAUTHORIZED, Kind::of)
			.withMessageContaining("cert-manager is not installed in this cluster, or the permission is missing")
			.withMessageContaining("""
					kind: Role
					metadata:
					  name: certificate-requester.shop.shop
					  namespace: other
					rules:
					- apiGroups: ["cert-manager.io"]
					  resources: ["certificaterequests"]
					  verbs: ["create", "get", "list", "watch", "delete"]
					---
					apiVersion: rbac.authorization.k8s.io/v1
					kind: RoleBinding
					metadata:
					  name: certificate-requester.shop.shop
					  namespace: other
					""");
	}

	@Test
	void clusterWithoutCertManagerIsNamed() throws IOException {
		try (EmbeddedControlPlane bare = EmbeddedControlPlane.start()) {
			bare.allowIn("shop", ACCOUNT, Set.of("*"), "certificaterequests.cert-manager.io");
			failure(signer(bare, issuer("internal"), "shop"), request("internal")).returns(Kind.REJECTED, Kind::of)
				.withMessageContaining("cert-manager is not installed in this cluster, or the permission is missing")
				.withMessageContaining("(404)")
				.withMessageContaining("@EnableEmbeddedControlPlane(signers = \"ClusterIssuer/internal\")");
		}
	}

	@Test
	void objectOfSomebodyElseWithTheSameNameIsLost() {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		CertificateSigner signer = signer("internal");
		CertificateRequest request = request("internal");
		CertificateRequest foreign = CertificateRequests.create(request.name(), request.template(),
				request.signerName(), request.usages(), null, KeyPairSource.jdk().generate(KeySpecification.EC_P256));
		signer.request(foreign, this.progress::add);
		await().untilAsserted(() -> assertThat(this.progress).isNotEmpty());
		failure(signer, request).returns(Kind.LOST, Kind::of).withMessageContaining("it is not signed with our key");
		discard(signer, request);
		assertThat(this.plane.certManager().certificateRequests()).containsExactly(request.name());
	}

	@Test
	void authorityIsOptional() {
		this.plane.behavior().flaws(SignerFlaw.NO_AUTHORITY);
		answer(signer("internal"), request("internal"));
		assertThat(last().authorities()).isEmpty();
	}

	@Test
	void lifetimeAndAnnotationsAreRequested() throws Exception {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateTemplate template = CertificateTemplate.ofSubject("shop");
		CertificateRequest request = CertificateRequests.create("shop-1", template, "ClusterIssuer/internal",
				Usage.defaults("ClusterIssuer/internal", template, keys.getPublic()), Duration.ofMinutes(1), keys);
		CertManagerRequests api = new CertManagerRequests(issuer("internal"), "shop",
				Map.of("issuers.example.com/template", "web"));
		assertThat(api.newObject(request)).asString()
			.contains("\"duration\":\"60s\"")
			.contains("\"annotations\":{\"issuers.example.com/template\":\"web\"}");
		signers(this.plane, api).signer(null).request(request, this.progress::add);
		await().untilAsserted(() -> assertThat(this.progress).isNotEmpty());
	}

	@Test
	void requestOfAnEarlierProcessIsFoundAndDeleted() {
		CertificateRequest request = request("internal");
		answer(signer("internal"), request);
		assertThat(this.plane.certManager().certificateRequests()).hasSize(1);
		this.plane.clearRequests();
		discard(signer("internal"), request);
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
		assertThat(this.plane.requests()).extracting(RecordedRequest::method).containsExactly("GET", "DELETE");
	}

	@Test
	void withoutThePermissionToDeleteOneWarningStatesTheRole(CapturedOutput output) throws IOException {
		this.plane.allowIn("shop", "jane", Set.of("create", "get", "list", "watch"),
				"certificaterequests.cert-manager.io");
		CertificateSigner signer = signers(this.plane, new CertManagerRequests(issuer("internal"), "shop", Map.of()),
				this.plane.writeKubeconfig(this.directory, this.plane.addToken("jane", "jane")))
			.signer(null);
		for (int i = 0; i < 2; i++) {
			CertificateRequest request = request("internal");
			answer(signer, request);
			discard(signer, confirmed(request));
		}
		assertThat(this.plane.certManager().certificateRequests()).hasSize(2);
		assertThat(output.getOut().split("Requests remain in the cluster", -1)).hasSize(2);
		assertThat(output).contains("cannot delete resource", "kind: Role\n", "\"watch\", \"delete\"]");
	}

	@Test
	void deletionThatFailsIsMadeUpFor() {
		CertificateSigner signer = signer("internal");
		this.plane.faults().next(1, RecordedRequest::isDelete).answer(503);
		CertificateRequest first = request("internal");
		answer(signer, first);
		CompletableFuture<?> postponed = signer.discard(confirmed(first));
		await().until(() -> this.plane.count(RecordedRequest::isDelete) == 1);
		assertThat(postponed).isNotDone();
		CertificateRequest second = request("internal");
		answer(signer, second);
		discard(signer, confirmed(second));
		assertThat(postponed).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
	}

	/** Answers the next request by hand. */
	private void answersByHand(Consumer<String> answer) {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture.runAsync(() -> {
			String name = await().until(
					() -> this.plane.certManager().pendingCertificateRequests().stream().findFirst().orElse(""),
					(found) -> !found.isEmpty());
			answer.accept(name);
		});
	}

	private ThrowableAssertAlternative<? extends Throwable> failure(String issuer) {
		return failure(signer(issuer), request("ClusterIssuer/" + issuer));
	}

	private ThrowableAssertAlternative<? extends Throwable> failure(CertificateSigner signer,
			CertificateRequest request) {
		return assertThat(signer.request(request, this.progress::add)).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.havingCause();
	}

	private List<X509Certificate> answer(CertificateSigner signer, CertificateRequest request) {
		return signer.request(request, this.progress::add).orTimeout(120, TimeUnit.SECONDS).join();
	}

	private static void discard(CertificateSigner signer, CertificateRequest request) {
		assertThat(signer.discard(request)).succeedsWithin(Adapter.PATIENCE);
	}

	private CertificateRequest confirmed(CertificateRequest request) {
		SubmittedRequest submitted = this.progress.stream()
			.filter((candidate) -> candidate.name().equals(request.name()))
			.findFirst()
			.orElseThrow();
		return request.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
	}

	private SubmittedRequest last() {
		return this.progress.get(this.progress.size() - 1);
	}

	private static IssuerReference issuer(String name) {
		return new IssuerReference("ClusterIssuer", name, IssuerReference.CERT_MANAGER);
	}

	private CertificateSigner signer(String issuer) {
		return signer(issuer(issuer), "shop");
	}

	private CertificateSigner signer(IssuerReference issuer, String namespace) {
		return signer(this.plane, issuer, namespace);
	}

	private CertificateSigner signer(EmbeddedControlPlane plane, IssuerReference issuer, String namespace) {
		return signers(plane, new CertManagerRequests(issuer, namespace, Map.of())).signer(null);
	}

	private KubernetesSigners signers(EmbeddedControlPlane plane, CertManagerRequests api) {
		return signers(plane, api, plane.writeKubeconfig(this.directory, plane.addServiceAccount("shop", "shop")));
	}

	private static KubernetesSigners signers(EmbeddedControlPlane plane, CertManagerRequests api, Path kubeconfig) {
		return new KubernetesSigners(api,
				new ApiClientProvider(kubeconfig, null, null, Adapter::daemon, Clock.systemUTC()), Clock.systemUTC());
	}

	private static CertificateRequest request(String issuer) {
		String signer = issuer.contains("/") ? issuer : "ClusterIssuer/" + issuer;
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateTemplate template = CertificateTemplate.ofSubject("shop");
		return CertificateRequests.create(RequestNaming.after("shop").name(keys.getPublic(), template, List.of()),
				template, signer, Usage.defaults(signer, template, keys.getPublic()), null, keys);
	}

}
