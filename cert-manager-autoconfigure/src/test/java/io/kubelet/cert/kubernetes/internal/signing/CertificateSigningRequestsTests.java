package io.kubelet.cert.kubernetes.internal.signing;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link KubernetesSigners}: how many requests it makes, and what becomes of
 * each answer.
 *
 * @see CertificateSigningRequests
 * @see CsrExchange
 * @see io.kubelet.cert.request.CertificateSigner
 */
class CertificateSigningRequestsTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	@Test
	void oneCertificateTakesOneCreateAndOneWatchFromTheVersionOfTheCreatedObject() throws Exception {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(request);
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		List<RecordedRequest> requests = List.copyOf(this.adapter.controlPlane.requests());
		V1ObjectMeta created = Objects.requireNonNull(this.adapter.stored(name(request)).getMetadata());
		assertThat(requests).hasSize(2).extracting(RecordedRequest::isCreate).containsExactly(true, false);
		assertThat(requests.get(1).query()).contains("resourceVersion=" + created.getResourceVersion(),
				"allowWatchBookmarks=true", "timeoutSeconds=");
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer(answer).get(0).getPublicKey()).isEqualTo(request.publicKey());
		assertThat(this.adapter.requests()).as("with that of the administrator").isEqualTo(3);
	}

	@Test
	void fiftyAtOnceShareOneWatch() {
		List<CompletableFuture<List<X509Certificate>>> answers = waiting(newRequests(50));
		assertThat(this.adapter.watches()).isOne();
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		answers.forEach(CertificateSigningRequestsTests::answer);
		assertThat(this.adapter.creates()).isEqualTo(50);
		assertThat(this.adapter.watches()).isOne();
		// For those that were created before the watch began, but came to it later
		assertThat(this.adapter.lists()).isLessThan(5);
	}

	@Test
	void fiftyThatAreAnsweredAtOnceAreAllTold() {
		newRequests(50).stream().map(this.adapter::send).toList().forEach(CertificateSigningRequestsTests::answer);
		assertThat(this.adapter.creates()).isEqualTo(50);
	}

	@Test
	void conditionsAreReportedAsProgress() {
		CertificateRequest request = Adapter.newRequest();
		this.adapter.controlPlane.behavior().signingDelay(Duration.ofMillis(200));
		CompletableFuture<List<X509Certificate>> answer = waiting(List.of(request)).get(0);
		this.adapter.controlPlane.approve(name(request));
		answer(answer);
		assertThat(this.adapter.progress).extracting(SubmittedRequest::conditions)
			.startsWith(List.of())
			.endsWith(List.of("Approved"));
		assertThat(this.adapter.progress).extracting(SubmittedRequest::name).containsOnly(name(request));
		assertThat(this.adapter.progress).extracting(SubmittedRequest::uid)
			.containsOnly(this.adapter.confirm(request).uid());
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
		answer(this.adapter.send(CertificateRequests.create("timed", plain.template(), Signer.of(Adapter.SIGNER),
				plain.usages(), Duration.ofMillis(3_600_900), keys)));
		assertThat(this.adapter.stored("timed").getSpec().getExpirationSeconds()).isEqualTo(3600);
	}

	@Test
	void objectThatIsOursIsTakenAfterAConflict() {
		CertificateRequest request = Adapter.newRequest();
		answer(this.adapter.send(request));
		this.adapter.controlPlane.clearRequests();
		answer(this.adapter.send(request));
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 0 watch, 1 list");
		assertThat(this.adapter.controlPlane.certificateSigningRequests()).hasSize(1);
	}

	@Test
	void nameTakenWithAnotherKeyIsRefusedWithTheDifference() {
		CertificateRequest request = Adapter.newRequest();
		answer(this.adapter.send(request));
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		assertFails(this.adapter.send(Adapter.newRequest(name(request), "system:node:one", keys)), Kind.LOST,
				name(request), "it is not signed with our key");
	}

	@Test
	void conflictWithOursThatHasExpiredIsGone() {
		CertificateRequest request = Adapter.newRequest();
		this.adapter.controlPlane.behavior().alreadyExpired();
		answer(this.adapter.send(request));
		assertFails(this.adapter.send(request), Kind.LOST, "expired");
		assertFails(this.adapter.send(this.adapter.confirm(request)), Kind.LOST, "expired");
	}

	@Test
	void resumedRequestIsWatchedIfItIsPendingAndOtherwiseTakesOneList() {
		CertificateRequest confirmed = confirmed(1).get(0);
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(confirmed);
		await().until(() -> this.adapter.watches() == 1);
		this.adapter.controlPlane.approve(name(confirmed));
		answer(answer);
		assertThat(this.adapter.figures()).isEqualTo("0 POST, 1 watch, 1 list");
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		answer(this.adapter.send(confirmed));
		assertThat(this.adapter.figures()).isEqualTo("0 POST, 1 watch, 2 list");
	}

	@Test
	void manyThatAreResumedShareOneWatch() {
		List<CertificateRequest> requests = confirmed(20);
		List<CompletableFuture<List<X509Certificate>>> answers = sendAtOnce(requests);
		await().until(() -> this.adapter.lists() >= 20 && this.adapter.watches() == 1);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		answers.forEach(CertificateSigningRequestsTests::answer);
		assertThat(this.adapter.creates()).isZero();
		assertThat(this.adapter.watches()).isOne();
	}

	@Test
	void resumedRequestWhoseNameIsAnotherObjectsIsGone() {
		CertificateRequest confirmed = confirmed(1).get(0);
		CertificateRequest other = confirmed.confirmed(name(confirmed), "another-uid", Instant.now());
		assertFails(this.adapter.send(other), Kind.LOST, "now names another object");
		this.adapter.controlPlane.delete(name(confirmed));
		assertFails(this.adapter.send(confirmed), Kind.LOST, "to signer " + Adapter.SIGNER + " no longer exists");
	}

	@Test
	void requestThatIsDeletedWhileWaitedForIsGone() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.delete(this.adapter.controlPlane.certificateSigningRequests().get(0));
		assertFails(answer, Kind.LOST, "to signer " + Adapter.SIGNER + " was deleted");
	}

	/** The message is one line. */
	@Test
	void denialCarriesReasonAndMessage() {
		this.adapter.controlPlane.behavior()
			.approval(ApprovalPolicy.denying("Policy", "no\n2026-01-01 INFO \u001b[32mAll is well\u001b[0m"));
		RequestException denial = assertFails(this.adapter.send(Adapter.newRequest()), Kind.DENIED,
				" to signer " + Adapter.SIGNER + " was denied: no 2026-01-01 INFO [32mAll is well [0m");
		assertThat(denial.reason()).isEqualTo("Policy");
	}

	@Test
	void failureCarriesReasonAndMessage() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.fail(this.adapter.controlPlane.certificateSigningRequests().get(0),
				"SignerValidationFailure", "the subject is wrong");
		RequestException failure = assertFails(answer, Kind.FAILED,
				"Signer " + Adapter.SIGNER + " failed to sign request ", ": the subject is wrong");
		assertThat(failure.reason()).isEqualTo("SignerValidationFailure");
	}

	@Test
	void garbageInPlaceOfACertificateIsRefused() {
		this.adapter.controlPlane.behavior().flaws(SignerFlaw.GARBAGE);
		assertFails(this.adapter.send(Adapter.newRequest()), Kind.REFUSED, "to signer " + Adapter.SIGNER
				+ " was answered with a certificate that is refused: its certificate is not PEM: ");
	}

	@Test
	void cancellingStopsTheWatchAndItsThread() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		await().until(() -> this.adapter.executor.getActiveCount() == 1);
		answer.cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		// The server notices as it writes
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> this.adapter.controlPlane.openWatches() == 0);
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 1 watch, 0 list");
	}

	@Test
	void watchStaysOpenUntilTheLastOneIsAnswered() {
		List<CompletableFuture<List<X509Certificate>>> answers = waiting(newRequests(3));
		answers.get(0).cancel(true);
		answers.get(1).cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 1);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		answer(answers.get(2));
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		assertThat(this.adapter.watches()).isOne();
	}

	@Test
	void watchStaysOpenForRequestsThatFollowEachOtherWhileAnotherOneIsBeingCreated() {
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		CompletableFuture<List<X509Certificate>> creating = this.adapter.send(Adapter.newRequest(), released);
		for (int request = 0; request < 3; request++) {
			answer(this.adapter.send(Adapter.newRequest()));
		}
		assertThat(this.adapter.figures()).isEqualTo("3 POST, 1 watch, 0 list");
		released.complete(true);
		answer(creating);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	@Test
	void cancellingBeforeTheAnswerToTheCreationLeavesNoWatch() {
		for (int round = 0; round < 30; round++) {
			this.adapter.send(Adapter.newRequest()).cancel(true);
		}
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	private static List<CertificateRequest> newRequests(int count) {
		return IntStream.range(0, count).mapToObj((index) -> Adapter.newRequest()).toList();
	}

	private CompletableFuture<List<X509Certificate>> waiting() {
		return waiting(newRequests(1)).get(0);
	}

	/** Sends requests that wait for approval. */
	private List<CompletableFuture<List<X509Certificate>>> waiting(List<CertificateRequest> requests) {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		List<CompletableFuture<List<X509Certificate>>> answers = sendAtOnce(requests);
		await().until(
				() -> this.adapter.progress.stream().map(SubmittedRequest::name).distinct().count() == requests.size());
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		return answers;
	}

	/** None reaches the server before all are sent, so that they share a watch. */
	private List<CompletableFuture<List<X509Certificate>>> sendAtOnce(List<CertificateRequest> requests) {
		CompletableFuture<Boolean> sent = new CompletableFuture<>();
		Adapter.intercept(this.adapter.client, (chain) -> {
			sent.join();
			return chain.proceed(chain.request());
		});
		List<CompletableFuture<List<X509Certificate>>> answers = requests.stream().map(this.adapter::send).toList();
		sent.complete(true);
		return answers;
	}

	/** Requests that were created, by an earlier process as it were. */
	private List<CertificateRequest> confirmed(int count) {
		List<CertificateRequest> requests = newRequests(count);
		waiting(requests).forEach((answer) -> answer.cancel(true));
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		this.adapter.controlPlane.clearRequests();
		return requests.stream().map(this.adapter::confirm).toList();
	}

	private static String name(CertificateRequest request) {
		return String.valueOf(request.name());
	}

	private static List<X509Certificate> answer(CompletableFuture<List<X509Certificate>> answer) {
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		return answer.join();
	}

	private static RequestException assertFails(CompletableFuture<?> answer, Kind kind, String... messages) {
		Throwable failure = Adapter.failure(answer);
		assertThat(failure).returns(kind, Kind::of).hasMessageContainingAll(messages);
		return (RequestException) failure;
	}

}
