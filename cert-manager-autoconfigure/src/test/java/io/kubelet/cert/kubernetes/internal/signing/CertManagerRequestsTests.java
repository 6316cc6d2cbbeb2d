package io.kubelet.cert.kubernetes.internal.signing;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Logger;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubelet.cert.testsupport.TestAuthority;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.ParameterizedTest;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CertManagerRequests}: what becomes of each state of an object, how
 * many requests it takes, and what is left behind.
 *
 * @see CertManagerRequests
 * @see SigningApi
 * @see Leftovers
 * @see Deletions
 */
@ExtendWith(OutputCaptureExtension.class)
class CertManagerRequestsTests {

	private static final Signer.Issuer ISSUER = new Signer.Issuer("ClusterIssuer", "internal",
			Signer.Issuer.CERT_MANAGER);

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final List<SubmittedRequest> progress = new CopyOnWriteArrayList<>();

	@TempDir
	private Path directory;

	@BeforeEach
	void installCertManager() {
		this.plane.certManager().clusterIssuer("internal");
		ShopAccount.permitRequests(this.plane);
	}

	@Test
	void certificateTakesOneCreateOneWatchAndOneDeletion() {
		CertificateSigner signer = signer();
		CertificateRequest request = request();
		List<X509Certificate> chain = answer(signer, request);
		assertThat(chain.get(0).getPublicKey()).isEqualTo(request.publicKey());
		assertThat(Pem.write(last().authorities())).isEqualTo(this.plane.certManager().caPem("internal"));
		discard(signer, confirmed(request));
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
		assertThat(this.plane.requests()).as("with one list of a process").hasSize(4);
		this.plane.clearRequests();
		CertificateRequest next = request();
		answer(signer, next);
		discard(signer, confirmed(next));
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
		assertThat(this.plane.requests()).hasSize(3);
	}

	/**
	 * Such as by processes that were killed, and whose files are gone. Another replica
	 * may still read what was answered lately.
	 */
	@Test
	void requestsOfEarlierProcessesAreDeletedOnceTheirAnswersAreOld() {
		OffsetClock clock = new OffsetClock();
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().clock(clock).start()) {
			plane.certManager().clusterIssuer("internal");
			plane.allowIn("shop", "jane", Set.of("create", "list", "watch"), "certificaterequests.cert-manager.io");
			ShopAccount.permitRequests(plane);
			Credential shop = plane.addServiceAccount("shop", "shop");
			answer(signer(plane, shop, "shop"), request());
			CertificateRequest ofJane = request();
			answer(signer(plane, plane.addToken("jane", "jane"), "shop"), ofJane);
			plane.behavior().approval(ApprovalPolicy.denying("policy", "not like this"));
			Adapter.failure(signer(plane, shop, "shop").request(request(), this.progress::add));
			plane.behavior().approval(ApprovalPolicy.manual());
			CertificateRequest waiting = request();
			CompletableFuture<?> late = signer(plane, shop, "shop").request(waiting, this.progress::add);
			await().until(() -> !plane.certManager().pendingCertificateRequests().isEmpty());
			clock.set(Duration.ofMinutes(61));
			plane.approve(String.valueOf(waiting.name()));
			assertThat(late).succeedsWithin(Adapter.PATIENCE);
			CertificateRequest pending = request();
			signer(plane, shop, "shop").request(pending, this.progress::add);
			await().until(() -> !plane.certManager().pendingCertificateRequests().isEmpty());
			answerAndDiscard(plane, shop);
			assertThat(plane.certManager().certificateRequests()).containsExactlyInAnyOrder(ofJane.name(),
					waiting.name(), pending.name());
			clock.set(Duration.ofMinutes(61));
			answerAndDiscard(plane, shop);
			assertThat(plane.certManager().certificateRequests()).containsExactlyInAnyOrder(ofJane.name(),
					pending.name());
		}
	}

	/**
	 * Nothing shows how old they are when another replica has deleted the request first.
	 */
	@Test
	void requestsOfEarlierProcessesAreDeletedAlthoughTheFirstDeletionFindsNothing() {
		OffsetClock clock = new OffsetClock();
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().clock(clock).start()) {
			plane.certManager().clusterIssuer("internal");
			ShopAccount.permitRequests(plane);
			Credential shop = plane.addServiceAccount("shop", "shop");
			answer(signer(plane, shop, "shop"), request());
			clock.set(Duration.ofMinutes(61));
			CertificateSigner signer = signer(plane, shop, "shop");
			discard(signer, request());
			CertificateRequest request = request();
			answer(signer, request);
			discard(signer, request);
			assertThat(plane.certManager().certificateRequests()).isEmpty();
		}
	}

	/** As without the permission to delete them for weeks, which was granted since. */
	@Test
	void requestsOfEarlierProcessesAreDeletedAlthoughTheirListIsLarge() {
		OffsetClock clock = new OffsetClock();
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().clock(clock).start()) {
			plane.certManager().clusterIssuer("internal");
			ShopAccount.permitRequests(plane);
			Credential shop = plane.addServiceAccount("shop", "shop");
			CertificateSigner earlier = signer(plane, shop, "shop");
			CertificateTemplate large = CertificateTemplate.ofSubject("shop")
				.withDnsNames(
						IntStream.range(0, 150).mapToObj((i) -> i + ".%s.svc".formatted("a".repeat(50))).toList());
			for (int i = 0; i < 150; i++) {
				answer(earlier, request(ISSUER, large));
			}
			clock.set(Duration.ofMinutes(61));
			plane.behavior().approval(ApprovalPolicy.manual());
			plane.clearRequests();
			// As if another replica had been faster
			plane.faults().next(1, RecordedRequest::isDelete).answer(404);
			answerAndDiscard(plane, shop);
			assertThat(plane.certManager().certificateRequests()).hasSize(1);
			assertThat(plane.count(RecordedRequest::isList)).isLessThan(5);
		}
	}

	/** The first deletion of another process. */
	private void answerAndDiscard(EmbeddedControlPlane plane, Credential user) {
		CertificateSigner signer = signer(plane, user, "shop");
		CertificateRequest request = request();
		CompletableFuture<?> answer = signer.request(request, this.progress::add);
		await().until(() -> plane.certManager().pendingCertificateRequests().contains(request.name()));
		plane.approve(String.valueOf(request.name()));
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		discard(signer, request);
	}

	@ParameterizedTest
	@CsvSource({ "DENIED, Policy, Request %s to issuer ClusterIssuer/internal was denied: not like this",
			"FAILED, Failed, Issuer ClusterIssuer/internal failed to sign request %s: not like this",
			"REJECTED, Policy, Request %s to issuer ClusterIssuer/internal is invalid: not like this" })
	void answerWithoutACertificateHasItsReasonAndMessage(Kind kind, String reason, String message) {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		CertificateRequest request = request();
		CompletableFuture<?> answer = signer().request(request, this.progress::add);
		String name = String.valueOf(request.name());
		await().until(() -> this.plane.certManager().pendingCertificateRequests().contains(name));
		switch (kind) {
			case DENIED -> this.plane.deny(name, "Policy", "not like this");
			case FAILED -> this.plane.fail(name, "ignored", "not like this");
			default -> this.plane.invalidate(name, "Policy", "not like this");
		}
		assertThat(Adapter.failure(answer)).returns(kind, Kind::of)
			.hasMessage(message.formatted(name))
			.extracting((failure) -> ((RequestException) failure).reason())
			.isEqualTo(reason);
	}

	/** The most frequent mistake: the kind is that of a ClusterIssuer. */
	@ParameterizedTest
	@CsvSource({ "Issuer, true", "ClusterIssuer, false" })
	void issuerThatIsNotFoundMayBeOfTheOtherKind(String kind, boolean suggested) {
		signer().request(request(new Signer.Issuer(kind, "absent", Signer.Issuer.CERT_MANAGER)), this.progress::add);
		await().until(() -> !this.progress.isEmpty() && !last().message().isEmpty());
		assertThat(last().message()).startsWith("Referenced \"%s\" not found: ".formatted(kind));
		assertThat(last().message().endsWith("; if it is a ClusterIssuer, set 'issuer.kind' to 'ClusterIssuer'"))
			.isEqualTo(suggested);
	}

	@Test
	void requestThatTheWebhookRefusesIsRejected() {
		Signer.Issuer issuer = new Signer.Issuer("Wrong", "internal", Signer.Issuer.CERT_MANAGER);
		failure(signer("shop"), request(issuer)).returns(Kind.REJECTED, Kind::of)
			.withMessageContaining("(406): admission webhook \"webhook.cert-manager.io\" denied the request: "
					+ "spec.issuerRef.kind: Invalid value: \"Wrong\"");
	}

	@Test
	void anotherNamespaceIsRefusedWithTheRole() {
		failure(signer("other"), request()).returns(Kind.FORBIDDEN, Kind::of)
			.withMessageContaining("Either the permission to create, list, watch and delete "
					+ "certificaterequests.cert-manager.io is missing, or cert-manager is not installed in this cluster: "
					+ "'kubectl get crd certificaterequests.cert-manager.io' shows which. ")
			.satisfies((failure) -> assertThat(((RequestException) failure).report()).contains(
					"""
							The user lacks the permission to create certificaterequests, unless cert-manager is not installed. \
							To grant it, an administrator runs:
							kubectl create role kubelet-cert-certificaterequests --namespace other --verb=create,list,watch,delete \
							--resource=certificaterequests.cert-manager.io
							kubectl create rolebinding 'kubelet-cert-certificaterequests:system:serviceaccount:shop:shop' --namespace other \
							--role=kubelet-cert-certificaterequests --user='system:serviceaccount:shop:shop'"""));
	}

	/** The output of this logger cannot be captured once Spring Boot has set it up. */
	@Test
	void clusterWithoutCertManagerIsNamed() {
		List<String> hints = new CopyOnWriteArrayList<>();
		Logger logger = Logger.getLogger("io.kubelet.cert.test.server.ApiServer");
		logger.setFilter((entry) -> hints.add(entry.getMessage()));
		try (EmbeddedControlPlane bare = EmbeddedControlPlane.start()) {
			bare.allowIn("shop", ShopAccount.NAME, Set.of("*"), "certificaterequests.cert-manager.io");
			failure(signer(bare, bare.addServiceAccount("shop", "shop"), "shop"), request())
				.returns(Kind.REJECTED, Kind::of)
				.withMessageContaining("cert-manager is not installed in this cluster: %s".formatted(bare.url()))
				.withMessageContaining("answers 404. Install it");
			assertThat(hints).isNotEmpty()
				.allMatch((hint) -> hint.contains("@EnableEmbeddedControlPlane(signers = \"ClusterIssuer/internal\")"));
		}
		finally {
			logger.setFilter(null);
		}
	}

	@Test
	void objectOfSomebodyElseWithTheSameNameIsLost() {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		CertificateSigner signer = signer();
		CertificateRequest request = request();
		CertificateRequest foreign = CertificateRequests.create(request.name(), request.template(), request.signer(),
				request.usages(), null, KeyPairSource.jdk().generate(KeySpecification.EC_P256));
		signer.request(foreign, this.progress::add);
		await().untilAsserted(() -> assertThat(this.progress).isNotEmpty());
		failure(signer, request).returns(Kind.LOST, Kind::of).withMessageContaining("it is not signed with our key");
		discard(signer, request);
		assertThat(this.plane.certManager().certificateRequests()).containsExactly(request.name());
	}

	@Test
	void authorityIsOptional() {
		this.plane.behavior().flaws(SignerFlaw.NO_AUTHORITY);
		answer(signer(), request());
		assertThat(last().authorities()).isEmpty();
	}

	/** It is read on one thread while the watch receives the certificate on another. */
	@Test
	void olderStateDoesNotTakeTheAuthorityFromTheCertificate() {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		SigningApi api = new CertManagerRequests("shop", Map.of());
		AtomicReference<CsrExchange> exchange = new AtomicReference<>();
		exchange.set(new CsrExchange(api, TestClients.create(this.plane.writeKubeconfig(this.directory)),
				new RequestWatches(api.path(), (task) -> Adapter.daemon(task).start()), Clock.systemUTC(), request(),
				(state) -> {
					this.progress.add(state);
					if (!state.authorities().isEmpty()) {
						Thread other = Adapter
							.daemon(() -> exchange.get().changed(object(state.uid(), "Approved", "")));
						other.start();
						await().until(() -> !other.isAlive() || other.getState() == Thread.State.BLOCKED);
					}
				}));
		CompletableFuture<SubmittedRequest> last = exchange.get().begin(true).thenApply((chain) -> last());
		await().until(() -> !this.progress.isEmpty());
		String pem = Pem.write(List.of(new TestAuthority("internal").certificate()));
		exchange.get().changed(object(last().uid(), "Ready", Base64.getEncoder().encodeToString(pem.getBytes())));
		assertThat(last.join().authorities()).hasSize(1);
	}

	private static RequestObject object(String uid, String condition, String certificate) {
		return new RequestObject(ApiObjects.object("""
				{"metadata": {"name": "shop", "uid": "%1$s"}, "status": {"certificate": "%3$s", "ca": "%3$s",
				 "conditions": [{"type": "%2$s", "status": "True", "reason": "Issued"}]}}""".formatted(uid, condition,
				certificate)));
	}

	@Test
	void lifetimeAndAnnotationsAreRequested() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateRequest request = CertificateRequests.create("shop-1", CertificateTemplate.ofSubject("shop"),
				Signer.of("ClusterIssuer/internal"), List.of(Usage.CLIENT_AUTH), Duration.ofMinutes(1), keys);
		Map<String, String> annotations = Map.of("issuers.example.com/template", "web");
		assertThat(new CertManagerRequests("shop", annotations).newObject(request)).asString()
			.contains("\"duration\":\"60s\"")
			.contains("\"annotations\":{\"issuers.example.com/template\":\"web\"}");
	}

	@Test
	void requestOfAnEarlierProcessIsFoundAndDeleted() {
		CertificateRequest request = request();
		answer(signer(), request);
		assertThat(this.plane.certManager().certificateRequests()).hasSize(1);
		this.plane.clearRequests();
		discard(signer(), request);
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
		assertThat(this.plane.requests()).extracting(RecordedRequest::method).containsExactly("GET", "DELETE");
	}

	@Test
	void withoutThePermissionToDeleteOneWarningStatesTheRole(CapturedOutput output) {
		this.plane.allowIn("shop", "jane", Set.of("create", "list", "watch"), "certificaterequests.cert-manager.io");
		CertificateSigner signer = signer(this.plane, this.plane.addToken("jane", "jane"), "shop");
		for (int i = 0; i < 2; i++) {
			CertificateRequest request = request();
			answer(signer, request);
			discard(signer, confirmed(request));
		}
		assertThat(this.plane.certManager().certificateRequests()).hasSize(2);
		assertThat(this.plane.count(RecordedRequest::isList)).as("what cannot be deleted is not looked for").isOne();
		assertThat(output).doesNotContain("not installed")
			.containsOnlyOnce("Requests remain in the cluster")
			.contains("cannot delete resource",
					"kubectl create role kubelet-cert-certificaterequests --namespace shop --verb=create,list,watch,delete");
	}

	@Test
	void deletionThatFailsIsMadeUpFor() {
		CertificateSigner signer = signer();
		this.plane.faults().next(1, RecordedRequest::isDelete).answer(503);
		CertificateRequest first = request();
		answer(signer, first);
		CompletableFuture<?> postponed = signer.discard(confirmed(first));
		await().until(() -> this.plane.count(RecordedRequest::isDelete) == 1);
		assertThat(postponed).isNotDone();
		CertificateRequest second = request();
		answer(signer, second);
		discard(signer, confirmed(second));
		assertThat(postponed).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.plane.certManager().certificateRequests()).isEmpty();
	}

	/** As of an application that ends because another part of it does not start. */
	@Test
	void endOfTheApplicationIsNoFailure(CapturedOutput output) throws Exception {
		try (ServerSocket silent = new ServerSocket(0)) {
			Path kubeconfig = CertificateContexts.writeKubeconfig(this.directory.resolve("silent"),
					"https://127.0.0.1:" + silent.getLocalPort());
			ApiClientProvider clients = new ApiClientProvider(new KubeconfigSource(kubeconfig, null), null, null,
					Adapter::daemon, Adapter.NOT_FOLLOWED, Clock.systemUTC());
			CertificateSigner signer = KubernetesSigners.ofCertManager("shop", Map.of(), clients, Clock.systemUTC())
				.signer(null);
			CompletableFuture<?> deletion = signer.discard(request());
			silent.accept();
			clients.close();
			assertThat(deletion).succeedsWithin(Adapter.PATIENCE);
			assertThat(signer.request(request(), this.progress::add)).isNotDone();
			assertThat(output).doesNotContain("could not be deleted");
		}
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
		return request.confirmed(last().name(), last().uid(), last().createdAt());
	}

	private SubmittedRequest last() {
		return this.progress.get(this.progress.size() - 1);
	}

	private CertificateSigner signer() {
		return signer("shop");
	}

	private CertificateSigner signer(String namespace) {
		return signer(this.plane, this.plane.addServiceAccount("shop", "shop"), namespace);
	}

	private CertificateSigner signer(EmbeddedControlPlane plane, Credential user, String namespace) {
		ApiClientProvider clients = new ApiClientProvider(
				new KubeconfigSource(plane.writeKubeconfig(this.directory, user), null), null, null, Adapter::daemon,
				Adapter.NOT_FOLLOWED, Clock.systemUTC());
		return KubernetesSigners.ofCertManager(namespace, Map.of(), clients, Clock.systemUTC()).signer(null);
	}

	private static CertificateRequest request() {
		return request(ISSUER);
	}

	private static CertificateRequest request(Signer.Issuer issuer) {
		return request(issuer, CertificateTemplate.ofSubject("shop"));
	}

	private static CertificateRequest request(Signer.Issuer issuer, CertificateTemplate template) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return CertificateRequests.create(RequestNaming.after("shop").name(keys.getPublic(), template, List.of()),
				template, issuer, Usage.defaults(issuer, template, keys.getPublic()), null, keys);
	}

}
