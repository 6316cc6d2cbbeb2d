package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Faults;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.Figures;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RequestWatch}: what may happen to a watch, and how it goes on.
 */
class RequestWatchTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void watchThatBreaksOffIsTakenUpAgain(String what, Consumer<Faults.Injection> fault, String figures) {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		fault.accept(this.adapter.controlPlane.faults().next(1, RecordedRequest::isWatch));
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.figures().equals(figures));
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo(figures);
		Figures.report("watch: " + what, figures);
	}

	static Stream<Arguments> watchThatBreaksOffIsTakenUpAgain() {
		String reopened = "1 POST, 2 watch, 0 GET, 0 list";
		String listed = "1 POST, 2 watch, 0 GET, 1 list";
		return Stream.of(breaking("ended at once", Faults.Injection::end, listed),
				breaking("cut at once", Faults.Injection::cut, listed),
				breaking("cut before it began", Faults.Injection::cutBefore, reopened),
				breaking("500", (next) -> next.answer(500), listed),
				breaking("503 with Retry-After", (next) -> next.answer(503, Duration.ofSeconds(1)), listed),
				breaking("429 with Retry-After", (next) -> next.answer(429, Duration.ofSeconds(1)), reopened),
				breaking("504", (next) -> next.answer(504), listed),
				breaking("410 as an event", Faults.Injection::expire, listed),
				breaking("410 as the status", (next) -> next.answer(410), listed));
	}

	private static Arguments breaking(String what, Consumer<Faults.Injection> fault, String figures) {
		return Arguments.of(what, fault, figures);
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
		interrupt(false);
		await().until(() -> this.adapter.watches() == 2);
		this.adapter.controlPlane.behavior().signingDelay(Duration.ZERO);
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 2 watch, 0 GET, 0 list");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void openWatchThatHasReceivedNothingListsAnew(boolean cut) {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		interrupt(cut);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.lists()).isOne();
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

	/** Anyone who may create requests can read the label, and use it. */
	@Test
	void objectsOfOthersAreNotKept() {
		RequestWatch watch = new RequestWatch(this.adapter.client, Selection.byName("all", "/requests"), "1",
				Set.of("ours")::contains);
		List<String> received = new ArrayList<>();
		watch.listed(List.of(object("listed"), object("ours")));
		watch.changed(object("watched"));
		for (String name : List.of("listed", "watched", "ours")) {
			watch.catchUp(new RequestObject(object(name)), subscriber(received));
		}
		assertThat(received).containsExactly("ours");
	}

	/** With a thousand requests at once, each event would look through all of them. */
	@Test
	void objectWithASubscriberIsNotLookedForAmongAllRequests() {
		List<String> lookedFor = new ArrayList<>();
		RequestWatch watch = new RequestWatch(this.adapter.client, Selection.byName("all", "/requests"), "1",
				lookedFor::add);
		List<String> received = new ArrayList<>();
		watch.changed(object("ours"));
		watch.add("ours", subscriber(received));
		watch.changed(object("ours"));
		assertThat(received).containsExactly("ours");
		assertThat(lookedFor).containsExactly("ours");
	}

	/** Not even for lack of memory, for which an address that is no URL stands here. */
	@Test
	void requestThatCannotBeWrittenKeepsNoWatchOpen() {
		String server = this.adapter.client.getBasePath();
		this.adapter.client.setBasePath("none");
		assertThat(this.adapter.send(Adapter.newRequest())).failsWithin(Adapter.PATIENCE);
		this.adapter.client.setBasePath(server);
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	private static JsonObject object(String name) {
		return ApiObjects.object("""
				{"metadata": {"name": "%1$s", "uid": "%1$s", "resourceVersion": "2"}}""".formatted(name));
	}

	private static RequestWatch.Subscriber subscriber(List<String> received) {
		return new RequestWatch.Subscriber() {

			@Override
			public ApiClient client() {
				throw new UnsupportedOperationException();
			}

			@Override
			public CertificateRequest request() {
				throw new UnsupportedOperationException();
			}

			@Override
			public void changed(RequestObject object) {
				received.add(object.name());
			}

			@Override
			public void deleted() {
			}

			@Override
			public void interrupted(String problem) {
			}

			@Override
			public void refused(Exception answer) {
			}

		};
	}

	/** The label of another request is no secret, and JSON escapes some characters. */
	@Test
	void requestIsAnsweredBesideAnObjectThatIsTooLarge() throws Exception {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		CompletableFuture<List<X509Certificate>> second = this.adapter.send(Adapter.newRequest());
		await().until(() -> this.adapter.controlPlane.openCertificateSigningRequests().size() == 2);
		V1CertificateSigningRequest padded = this.adapter
			.stored(this.adapter.controlPlane.certificateSigningRequests().get(0));
		padded.metadata(new V1ObjectMeta().name("a-stranger")
			.labels(Map.of(RequestObject.REQUESTER, this.adapter.signers.watches().requester()))
			.annotations(Map.of("padding", "x".repeat(5 * 1024 * 1024))));
		padded.status(null);
		new CertificatesV1Api(Adapter.client(
				this.adapter.controlPlane.writeKubeconfig(this.adapter.directory, this.adapter.controlPlane.admin())))
			.createCertificateSigningRequest(padded)
			.execute();
		await().until(() -> this.adapter.controlPlane.requests()
			.stream()
			.filter((request) -> request.isWatch() && request.query().contains("metadata.name"))
			.count() == 2);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(second).succeedsWithin(Adapter.PATIENCE);
	}

	@Test
	void openWatchThatExpiresListsAnew() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.faults().expireWatches();
		await().until(() -> this.adapter.controlPlane.openWatches() == 0);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.lists()).isOne();
		assertThat(this.adapter.creates()).isOne();
	}

	@Test
	void watchIsResumedAfterTheServerWasAway() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.pause();
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.adapter.controlPlane.resume();
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.creates()).isOne();
		assertThat(this.adapter.lists()).as("nothing was received before").isOne();
		Figures.report("server away", this.adapter.figures());
	}

	@Test
	void listFindsThatTheObjectWasDeleted() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.pause();
		this.adapter.controlPlane.delete(this.adapter.controlPlane.certificateSigningRequests().get(0));
		this.adapter.controlPlane.compactHistory();
		this.adapter.controlPlane.resume();
		assertThat(answer).failsWithin(Adapter.PATIENCE).withThrowableThat().havingCause().returns(Kind.LOST, Kind::of);
		assertThat(this.adapter.lists()).isOne();
	}

	@Test
	void listThatFailsIsRepeated() {
		CompletableFuture<List<X509Certificate>> answer = waiting();
		this.adapter.controlPlane.faults().next(2, RecordedRequest::isList).answer(503).expireWatches();
		await().until(() -> this.adapter.watches() == 2);
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("1 POST, 2 watch, 0 GET, 3 list");
	}

	@Test
	void watchesThatEndAtOnceAreNoStorm() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.adapter.controlPlane.faults().next(1000, RecordedRequest::isWatch).end();
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<List<X509Certificate>> answer = this.adapter.send(request);
		await().until(() -> this.adapter.watches() == 4);
		List<RecordedRequest> watches = this.adapter.controlPlane.requests()
			.stream()
			.filter(RecordedRequest::isWatch)
			.toList();
		// At least 0.5 + 1 + 2 s, as the waits double
		assertThat(Duration.between(watches.get(0).at(), watches.get(3).at())).isGreaterThan(Duration.ofSeconds(3));
		answer.cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		Figures.report("watches that end at once", this.adapter.figures());
	}

	@Test
	void refusedWatchEndsTheWaiting() {
		this.adapter.controlPlane.faults().next(1, RecordedRequest::isWatch).answer(403);
		assertThat(this.adapter.send(Adapter.newRequest())).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.havingCause()
			.returns(Kind.UNAUTHORIZED, Kind::of);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
	}

	@Test
	void refusedWatchServesNoFurtherRequests() {
		CertificateRequest other = requestOfAnotherProcess();
		CompletableFuture<List<X509Certificate>> keepsTheClientBusy = this.adapter.send(other);
		await().until(() -> this.adapter.watches() == 2);
		this.adapter.controlPlane.clearRequests();
		this.adapter.controlPlane.faults().next(1, RecordedRequest::isWatch).answer(403);
		assertThat(this.adapter.send(Adapter.newRequest())).failsWithin(Adapter.PATIENCE);
		assertThat(keepsTheClientBusy).isNotDone();
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(this.adapter.send(Adapter.newRequest())).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("2 POST, 2 watch, 0 GET, 0 list");
	}

	/** A request that another process created and no longer waits for. */
	private CertificateRequest requestOfAnotherProcess() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<?> answer = this.adapter
			.signer(this.adapter.controlPlane.writeKubeconfig(this.adapter.directory))
			.request(request, this.adapter.progress::add);
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		answer.cancel(true);
		SubmittedRequest submitted = this.adapter.progress.get(0);
		return request.confirmed(submitted.name(), submitted.uid(), submitted.createdAt());
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

	private void interrupt(boolean cut) {
		Faults faults = this.adapter.controlPlane.faults();
		assertThat(cut ? faults.cutWatches() : faults.endWatches()).isSameAs(faults);
		await().until(() -> this.adapter.controlPlane.openWatches() == 0);
	}

}
