package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import com.sun.net.httpserver.HttpServer;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.Figures;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link KubernetesSigners}: how many requests it makes, and what becomes of
 * each answer.
 */
class CertificateSigningRequestsTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	@Test
	void oneCertificateTakesOneCreateAndOneWatch() {
		CertificateRequest request = Adapter.newRequest();
		List<X509Certificate> chain = answer(this.adapter.send(request));
		assertThat(chain.get(0).getPublicKey()).isEqualTo(request.publicKey());
		assertThat(this.adapter.creates()).isOne();
		assertThat(this.adapter.watches()).isOne();
		assertThat(this.adapter.requests()).isEqualTo(2);
	}

	@Test
	void watchBeginsAtTheResourceVersionOfTheCreatedObject() throws Exception {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> answer = send(1).get(0);
		V1CertificateSigningRequest stored = this.adapter
			.stored(this.adapter.controlPlane.certificateSigningRequests().get(0));
		RecordedRequest watch = this.adapter.controlPlane.requests()
			.stream()
			.filter(RecordedRequest::isWatch)
			.findFirst()
			.orElseThrow();
		assertThat(watch.query())
			.contains("resourceVersion=" + Objects.requireNonNull(stored.getMetadata()).getResourceVersion())
			.contains("allowWatchBookmarks=true")
			.contains("timeoutSeconds=");
		answer.cancel(true);
	}

	/** Such as that of a server that is being restarted. */
	@Test
	void answerThatBreaksOffMeansThatTheServerCannotBeReached() throws IOException {
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		server.createContext("/", (exchange) -> {
			exchange.sendResponseHeaders(201, 1000);
			exchange.getResponseBody().write('{');
			exchange.close();
		});
		server.start();
		try {
			CertificateSigner signer = this.adapter.signer(kubeconfig(server));
			assertThat(signer.request(Adapter.newRequest(), this.adapter.progress::add)).failsWithin(Adapter.PATIENCE)
				.withThrowableThat()
				.havingCause()
				.returns(Kind.UNAVAILABLE, Kind::of)
				.withMessageContaining("cannot be reached");
		}
		finally {
			server.stop(0);
		}
	}

	@Test
	void fiftyAtOnceShareOneWatch() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		List<CompletableFuture<List<X509Certificate>>> answers = send(50);
		assertThat(this.adapter.watches()).isOne();
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		answers.forEach(CertificateSigningRequestsTests::answer);
		assertThat(this.adapter.creates()).isEqualTo(50);
		assertThat(this.adapter.watches()).isOne();
		assertThat(this.adapter.lists()).isZero();
		// Those that were created before the watch began, but came to it later
		assertThat(this.adapter.gets()).isLessThan(5);
		Figures.report("50 certificates, one signer", this.adapter.figures());
	}

	@Test
	void fiftyThatAreAnsweredAtOnceAreAllTold() {
		IntStream.range(0, 50)
			.mapToObj((index) -> this.adapter.send(Adapter.newRequest()))
			.toList()
			.forEach(CertificateSigningRequestsTests::answer);
		assertThat(this.adapter.creates()).isEqualTo(50);
		Figures.report("50 certificates, answered at once", this.adapter.figures());
	}

	@Test
	void conditionsAreReportedAsProgress() {
		CertificateRequest request = Adapter.newRequest();
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual()).signingDelay(Duration.ofMillis(200));
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(request);
		awaitOpen(1);
		this.adapter.controlPlane.approve(name(request));
		answer(answer);
		assertThat(this.adapter.progress).extracting(SubmittedRequest::conditions)
			.startsWith(List.of())
			.endsWith(List.of("Approved"));
		assertThat(this.adapter.progress).extracting(SubmittedRequest::name).containsOnly(name(request));
		assertThat(this.adapter.progress).extracting(SubmittedRequest::uid).containsOnly(uid());
	}

	@Test
	void withoutNameOneIsGenerated() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		answer(this.adapter.send(Adapter.newRequest(null, "system:node:one", keys)));
		assertThat(this.adapter.progress.get(0).name()).matches("csr-[a-z0-9]{5}");
	}

	@Test
	void lifetimeIsRequestedInWholeSeconds() throws Exception {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		CertificateRequest plain = Adapter.newRequest("plain", "system:node:one", keys);
		answer(this.adapter.send(CertificateRequests.create("timed", plain.template(), Adapter.SIGNER, plain.usages(),
				Duration.ofMillis(3_600_900), keys)));
		assertThat(this.adapter.stored("timed").getSpec().getExpirationSeconds()).isEqualTo(3600);
	}

	@Test
	void objectThatIsOursIsTakenAfterAConflict() {
		CertificateRequest request = Adapter.newRequest();
		answer(this.adapter.send(request));
		this.adapter.controlPlane.clearRequests();
		answer(this.adapter.send(request));
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 0 watch, 1 GET, 0 list");
		assertThat(this.adapter.controlPlane.certificateSigningRequests()).hasSize(1);
	}

	@Test
	void nameTakenWithAnotherKeyIsRefusedWithTheDifference() {
		CertificateRequest request = Adapter.newRequest();
		answer(this.adapter.send(request));
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		assertThatExceptionOfType(RequestException.class)
			.isThrownBy(failure(this.adapter.send(Adapter.newRequest(name(request), "system:node:one", keys))))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining(name(request))
			.withMessageContaining("it is not signed with our key");
	}

	@Test
	void nameTakenForAnotherSubjectIsRefusedWithTheDifference() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		answer(this.adapter.send(Adapter.newRequest("csr-taken", "system:node:one", keys)));
		assertThatExceptionOfType(RequestException.class)
			.isThrownBy(failure(this.adapter.send(Adapter.newRequest("csr-taken", "system:node:two", keys))))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining("system:node:one")
			.withMessageContaining("system:node:two");
	}

	@Test
	void conflictWithOursThatHasExpiredIsGone() {
		CertificateRequest request = Adapter.newRequest();
		this.adapter.controlPlane.behavior().alreadyExpired();
		answer(this.adapter.send(request));
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(request)))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining("expired");
	}

	@Test
	void resumedRequestThatWasIssuedMeanwhileTakesOneGet() {
		CertificateRequest confirmed = confirmed(false);
		this.adapter.controlPlane.approve(name(confirmed));
		awaitOpen(0);
		answer(this.adapter.send(confirmed));
		assertThat(this.adapter.figures()).isEqualTo("0 POST, 0 watch, 1 GET, 0 list");
	}

	@Test
	void resumedRequestThatIsStillOpenIsWatched() {
		CertificateRequest confirmed = confirmed(false);
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(confirmed);
		await().until(() -> this.adapter.watches() == 1);
		this.adapter.controlPlane.approve(name(confirmed));
		answer(answer);
		assertThat(this.adapter.figures()).isEqualTo("0 POST, 1 watch, 1 GET, 0 list");
	}

	@Test
	void manyThatAreResumedShareOneWatch() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		List<CertificateRequest> requests = IntStream.range(0, 20).mapToObj((index) -> Adapter.newRequest()).toList();
		List<CompletableFuture<List<X509Certificate>>> first = requests.stream().map(this.adapter::send).toList();
		await().until(() -> this.adapter.progress.stream().map(SubmittedRequest::name).distinct().count() == 20);
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		first.forEach((answer) -> answer.cancel(true));
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		this.adapter.controlPlane.clearRequests();
		List<CompletableFuture<List<X509Certificate>>> answers = requests.stream()
			.map((request) -> confirm(request, submitted(name(request))))
			.map(this.adapter::send)
			.toList();
		await().until(() -> this.adapter.gets() >= 20 && this.adapter.watches() == 1);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		answers.forEach(CertificateSigningRequestsTests::answer);
		assertThat(this.adapter.creates()).isZero();
		assertThat(this.adapter.watches()).isOne();
		Figures.report("20 certificates, resumed", this.adapter.figures());
	}

	@Test
	void resumedRequestWhoseNameIsAnotherObjectsIsGone() {
		CertificateRequest confirmed = confirmed(false);
		CertificateRequest other = confirmed.confirmed(name(confirmed), "another-uid", Instant.now());
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(other)))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining("now names another object");
	}

	@Test
	void resumedRequestThatWasDeletedIsGone() {
		CertificateRequest confirmed = confirmed(false);
		this.adapter.controlPlane.delete(name(confirmed));
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(confirmed)))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining("to signer " + Adapter.SIGNER + " no longer exists");
	}

	@Test
	void resumedRequestWithAnExpiredCertificateIsGone() {
		this.adapter.controlPlane.behavior().alreadyExpired();
		CertificateRequest confirmed = confirmed(true);
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(confirmed)))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining("expired");
	}

	@Test
	void requestThatIsDeletedWhileWaitedForIsGone() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> answer = send(1).get(0);
		this.adapter.controlPlane.delete(this.adapter.controlPlane.certificateSigningRequests().get(0));
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(answer))
			.returns(Kind.LOST, Kind::of)
			.withMessageContaining("to signer " + Adapter.SIGNER + " was deleted");
	}

	@Test
	void denialCarriesReasonAndMessage() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.denying("Policy", "not this node"));
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(Adapter.newRequest())))
			.returns(Kind.DENIED, Kind::of)
			.withMessageMatching("Request \\S+ to signer " + Adapter.SIGNER + " was denied: not this node")
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo("Policy"));
	}

	@Test
	void messageOfAnApproverIsOneLine() {
		this.adapter.controlPlane.behavior()
			.approval(ApprovalPolicy.denying("Policy", "no\n2026-01-01 INFO \u001b[32mAll is well\u001b[0m"));
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(Adapter.newRequest())))
			.withMessageEndingWith(" was denied: no 2026-01-01 INFO All is well");
	}

	@Test
	void failureCarriesReasonAndMessage() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> answer = send(1).get(0);
		this.adapter.controlPlane.fail(this.adapter.controlPlane.certificateSigningRequests().get(0),
				"SignerValidationFailure", "the subject is wrong");
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(answer))
			.returns(Kind.FAILED, Kind::of)
			.withMessageMatching("Signer " + Adapter.SIGNER + " failed to sign request \\S+: the subject is wrong")
			.satisfies((ex) -> assertThat(ex.reason()).isEqualTo("SignerValidationFailure"));
	}

	@Test
	void garbageInPlaceOfACertificateIsRefused() {
		this.adapter.controlPlane.behavior().flaws(SignerFlaw.GARBAGE);
		assertThatExceptionOfType(RequestException.class).isThrownBy(failure(this.adapter.send(Adapter.newRequest())))
			.returns(Kind.REFUSED, Kind::of)
			.withMessageContaining("to signer " + Adapter.SIGNER
					+ " was answered with a certificate that is refused: its certificate is not PEM: ");
	}

	@Test
	void cancellingStopsTheWatchAndItsThread() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> answer = send(1).get(0);
		await().until(() -> this.adapter.executor.getActiveCount() == 1);
		answer.cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		// The server notices as it writes
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> this.adapter.controlPlane.openWatches() == 0);
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 1 watch, 0 GET, 0 list");
	}

	@Test
	void watchStaysOpenUntilTheLastOneIsAnswered() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		List<CompletableFuture<List<X509Certificate>>> answers = send(3);
		answers.get(0).cancel(true);
		answers.get(1).cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 1);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		answer(answers.get(2));
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		assertThat(this.adapter.watches()).isOne();
	}

	/** As while one of many requests is being created. */
	@Test
	void watchThatIsKeptOpenServesRequestsThatFollowEachOther() {
		RequestWatches watches = this.adapter.signers.watches();
		CsrExchange creating = new CsrExchange(new CertificateSigningRequests(), this.adapter.client, watches,
				Clock.systemUTC(), Adapter.newRequest(), this.adapter.progress::add);
		watches.begin(creating);
		for (int request = 0; request < 3; request++) {
			answer(this.adapter.send(Adapter.newRequest()));
		}
		assertThat(this.adapter.figures()).isEqualTo("3 POST, 1 watch, 0 GET, 0 list");
		watches.end(creating);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	@Test
	void cancellingBeforeTheAnswerToTheCreationLeavesNoWatch() {
		for (int round = 0; round < 30; round++) {
			this.adapter.send(Adapter.newRequest()).cancel(true);
		}
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	private Path kubeconfig(HttpServer server) {
		return Adapter.write(this.adapter.directory.resolve("other"), """
				clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
				contexts: [{name: x, context: {cluster: c}}]
				current-context: x
				""".formatted(server.getAddress().getPort()));
	}

	/** Requests that are created and wait, unless the control plane answers them. */
	private List<CompletableFuture<List<X509Certificate>>> send(int count) {
		List<CompletableFuture<List<X509Certificate>>> answers = IntStream.range(0, count)
			.mapToObj((index) -> this.adapter.send(Adapter.newRequest()))
			.toList();
		awaitOpen(count);
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		return answers;
	}

	/** A request that was created, by an earlier process as it were. */
	private CertificateRequest confirmed(boolean answered) {
		if (!answered) {
			this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		}
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(request);
		if (answered) {
			answer(answer);
		}
		else {
			await().until(() -> this.adapter.controlPlane.openWatches() == 1);
			answer.cancel(true);
		}
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		this.adapter.controlPlane.clearRequests();
		return confirm(request, this.adapter.progress.get(0));
	}

	private static CertificateRequest confirm(CertificateRequest request, SubmittedRequest submitted) {
		return request.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
	}

	private void awaitOpen(int count) {
		await().until(() -> this.adapter.controlPlane.openCertificateSigningRequests().size() == count);
	}

	private SubmittedRequest submitted(String name) {
		return this.adapter.progress.stream()
			.filter((request) -> request.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	private String uid() {
		return this.adapter.progress.get(0).uid();
	}

	private static String name(CertificateRequest request) {
		return String.valueOf(request.name());
	}

	private static List<X509Certificate> answer(CompletableFuture<List<X509Certificate>> answer) {
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		return answer.join();
	}

	private static ThrowableAssert.ThrowingCallable failure(CompletableFuture<?> answer) {
		return () -> {
			assertThat(answer).failsWithin(Adapter.PATIENCE);
			throw answer.handle((result, failure) -> failure.getCause()).join();
		};
	}

}
