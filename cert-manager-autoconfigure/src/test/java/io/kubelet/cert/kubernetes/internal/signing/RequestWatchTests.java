package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Faults;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import okhttp3.Response;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RequestWatches}: what may happen to a watch, and how it goes on.
 *
 * @see RequestWatches
 */
class RequestWatchTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	/** The API server charges every creation of a request for each other watch. */
	@Test
	void onlyPendingRequestIsWatchedByItsName() {
		CertificateRequest request = Adapter.newRequest();
		assertThat(this.adapter.send(request)).succeedsWithin(Adapter.PATIENCE);
		assertThat(watched()).singleElement().asString().contains("fieldSelector=metadata.name%3D" + request.name());
	}

	@Test
	void requestsThatArePendingAtOnceAreWatchedByTheirLabel() {
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		List<CompletableFuture<List<X509Certificate>>> answers = new ArrayList<>();
		answers.add(this.adapter.send(Adapter.newRequest(), released));
		answers.add(this.adapter.send(Adapter.newRequest()));
		assertThat(answers.get(1)).succeedsWithin(Adapter.PATIENCE);
		released.complete(true);
		assertThat(answers.get(0)).as("the last one does not need another watch").succeedsWithin(Adapter.PATIENCE);
		assertThat(watched()).singleElement().asString().contains("labelSelector=").doesNotContain("fieldSelector");
	}

	@Test
	void watchByNameEndsWithItsRequest() {
		CompletableFuture<List<X509Certificate>> first = waiting();
		CompletableFuture<List<X509Certificate>> second = this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.controlPlane.openWatches() == 2);
		assertThat(watched()).last().asString().contains("labelSelector=");
		first.cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 1);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(second).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("2 POST, 2 watch, 0 list");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void watchThatBreaksOffIsTakenUpAgain(String what, Consumer<Faults.Injection> fault, String figures) {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		fault.accept(this.adapter.controlPlane.faults().next(1, RecordedRequest::isWatch));
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.figures().equals(figures));
		await().until(() -> this.adapter.progress.get(this.adapter.progress.size() - 1).interruption().isEmpty());
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo(figures);
	}

	static Stream<Arguments> watchThatBreaksOffIsTakenUpAgain() {
		String reopened = "1 POST, 2 watch, 0 list";
		String listed = "1 POST, 2 watch, 1 list";
		return Stream.of(of("ended at once", (next) -> next.end(), listed),
				of("cut before it began", (next) -> next.cutBefore(), reopened),
				of("503 with Retry-After", (next) -> next.answer(503, Duration.ofSeconds(1)), listed),
				of("429 with Retry-After", (next) -> next.answer(429, Duration.ofSeconds(1)), reopened),
				of("410 as an event", (next) -> next.expire(), listed),
				of("410 as the status", (next) -> next.answer(410), listed));
	}

	private static Arguments of(String what, Consumer<Faults.Injection> fault, String figures) {
		return Arguments.of(what, fault, figures);
	}

	/** A proxy may refuse watches, but not lists. */
	@Test
	void objectsAreListedIfTheServerRemainsTooBusyForAWatch() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.adapter.controlPlane.faults().next(3, RecordedRequest::isWatch).answer(429);
		this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.figures().equals("1 POST, 4 watch, 1 list"));
		assertThat(this.adapter.progress).extracting(SubmittedRequest::interruption)
			.anySatisfy((interruption) -> assertThat(interruption).contains("429"));
	}

	@Test
	void watchThatTheServerDoesNotEndIsEndedHalfAMinuteLater() {
		Map<Integer, Long> limits = new ConcurrentHashMap<>();
		Adapter.intercept(this.adapter.client, (chain) -> {
			String seconds = chain.request().url().queryParameter("timeoutSeconds");
			if (seconds != null) {
				limits.put(Integer.valueOf(seconds), chain.call().timeout().timeoutNanos());
			}
			return chain.proceed(chain.request());
		});
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
		assertThat(limits).isNotEmpty()
			.allSatisfy((seconds, limit) -> assertThat(Duration.ofNanos(limit)).hasSeconds(seconds + 30));
	}

	@Test
	void openWatchThatHasReceivedSomethingGoesOnWhereItWas() {
		CompletableFuture<List<X509Certificate>> answer = approved();
		this.adapter.controlPlane.faults().endWatches();
		await().until(() -> this.adapter.watches() == 2);
		this.adapter.controlPlane.behavior().signingDelay(Duration.ZERO);
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 2 watch, 0 list");
	}

	/** A restored API server serves a watch from the future, and sends nothing. */
	@Test
	void requestIsAnsweredAfterARestoreOfEtcd() {
		CompletableFuture<List<X509Certificate>> answer = approved();
		this.adapter.controlPlane.faults().resetResourceVersions();
		await().until(() -> this.adapter.watches() == 2 && this.adapter.controlPlane.openWatches() == 1);
		this.adapter.controlPlane.behavior().signingDelay(Duration.ZERO);
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.lists()).isOne();
	}

	/** Its resource version is lower than the one at which the watch began. */
	@Test
	void requestThatIsCreatedAfterARestoreOfEtcdIsNotReadAgain() {
		waiting();
		this.adapter.controlPlane.faults().resetResourceVersions();
		await().until(() -> this.adapter.watches() == 2 && this.adapter.controlPlane.openWatches() == 1);
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.creates() == 2 && this.adapter.progress.size() > 1);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.lists()).isOne();
	}

	/** A watch that is open for another request is faster than the answer. */
	@Test
	void whatHappensBeforeTheCreationIsAnsweredIsNotMissed() throws Exception {
		// The watch could bring a certificate before the list finds that the object is
		// gone
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		Adapter.intercept(this.adapter.client, (chain) -> {
			Response answer = chain.proceed(chain.request());
			released.join();
			return answer;
		});
		CertificateRequest request = Adapter.newRequest();
		CertificateSigningRequests api = new CertificateSigningRequests();
		CsrExchange exchange = new CsrExchange(api, this.adapter.client,
				new RequestWatches(api.path(), this.adapter.executor), Clock.systemUTC(), request,
				this.adapter.progress::add);
		CompletableFuture<List<X509Certificate>> answer = exchange.begin(true);
		await().until(() -> this.adapter.creates() == 1);
		V1ObjectMeta created = Objects
			.requireNonNull(this.adapter.stored(String.valueOf(request.name())).getMetadata());
		this.adapter.controlPlane.delete(String.valueOf(request.name()));
		exchange.deleted(String.valueOf(created.getUid()));
		assertThat(answer).isNotDone();
		released.complete(true);
		assertThat(answer).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.havingCause()
			.returns(Kind.LOST, Kind::of)
			.withMessageEndingWith(" was deleted");
	}

	/** The object is still there, and only leaves what the watch of several selects. */
	@Test
	void requestThatLosesItsLabelIsStillWaitedFor() throws Exception {
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		this.adapter.send(Adapter.newRequest(), released);
		CertificateRequest request = Adapter.newRequest();
		String name = String.valueOf(request.name());
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(request);
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		V1CertificateSigningRequest object = this.adapter.stored(name);
		Objects.requireNonNull(object.getMetadata()).setLabels(Map.of());
		new CertificatesV1Api(Adapter.client(
				this.adapter.controlPlane.writeKubeconfig(this.adapter.directory, this.adapter.controlPlane.admin())))
			.replaceCertificateSigningRequest(name, object)
			.execute();
		await().until(() -> this.adapter.controlPlane.openWatches() == 2);
		this.adapter.controlPlane.approve(name);
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 2 watch, 1 list");
		released.complete(true);
	}

	@Test
	void listFindsThatTheObjectWasDeleted() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.pause();
		this.adapter.controlPlane.delete(this.adapter.controlPlane.certificateSigningRequests().get(0));
		this.adapter.controlPlane.compactHistory();
		this.adapter.controlPlane.resume();
		assertThat(Adapter.failure(answer)).returns(Kind.LOST, Kind::of);
		assertThat(this.adapter.lists()).as("of the watch, then of the request").isEqualTo(2);
	}

	@Test
	void watchesThatEndAtOnceAreNoStorm() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.adapter.controlPlane.faults().next(1000, RecordedRequest::isWatch).end();
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(request);
		await().until(() -> this.adapter.watches() == 3);
		List<RecordedRequest> watches = this.adapter.controlPlane.requests()
			.stream()
			.filter(RecordedRequest::isWatch)
			.toList();
		// At least 0.5 + 1 s, as the waits double
		assertThat(Duration.between(watches.get(0).at(), watches.get(2).at())).isGreaterThan(Duration.ofMillis(1500));
		answer.cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	/** While another request is being created, for which the watch would stay open. */
	@Test
	void refusedWatchEndsTheWaitingAndIsTriedAgainForTheNextRequest() {
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		this.adapter.send(Adapter.newRequest(), released);
		this.adapter.controlPlane.faults().next(1, RecordedRequest::isWatch).answer(403);
		assertThat(Adapter.failure(this.adapter.send(Adapter.newRequest()))).returns(Kind.FORBIDDEN, Kind::of);
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isIn("2 POST, 1 watch, 1 list", "2 POST, 2 watch, 1 list");
		released.complete(true);
	}

	/** Returns the queries of the watches. */
	private List<String> watched() {
		return this.adapter.controlPlane.requests()
			.stream()
			.filter(RecordedRequest::isWatch)
			.map(RecordedRequest::query)
			.toList();
	}

	/** A request that is waited for with a watch that is open. */
	private CompletableFuture<List<X509Certificate>> waiting() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		return answer;
	}

	/** A request that was approved while the watch was open, and is not signed yet. */
	private CompletableFuture<List<X509Certificate>> approved() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.behavior().signingDelay(Duration.ofDays(1));
		this.adapter.controlPlane.approve(this.adapter.controlPlane.certificateSigningRequests().get(0));
		await().until(() -> this.adapter.progress.get(this.adapter.progress.size() - 1)
			.conditions()
			.equals(List.of("Approved")));
		return answer;
	}

}
