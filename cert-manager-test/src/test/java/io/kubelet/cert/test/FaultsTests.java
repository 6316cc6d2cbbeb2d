package io.kubelet.cert.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Faults}.
 *
 * @see Faults
 * @see io.kubelet.cert.test.api.Watch
 * @see io.kubelet.cert.test.http.ApiRequest
 * @see io.kubelet.cert.test.http.ApiResponse
 */
class FaultsTests {

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ApiClient client = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());

	@ParameterizedTest
	@CsvSource({ "401, Unauthorized", "403, Forbidden", "410, Expired", "429, TooManyRequests", "500, InternalError",
			"503, ServiceUnavailable" })
	void answersWithAnErrorAndDoesNothing(int status, String reason) throws Exception {
		this.controlPlane.faults().next(1, RecordedRequest::isCreate).answer(status, Duration.ofSeconds(7));
		HttpResponse<String> response = create();
		assertThat(response.statusCode()).isEqualTo(status);
		JsonObject body = ApiClient.json(response);
		assertThat(Json.text(body, "reason")).isEqualTo(reason);
		assertThat(Json.text(body, "code")).isEqualTo(Integer.toString(status));
		if (status > 403) {
			assertThat(response.headers().firstValue("Retry-After")).contains("7");
		}
		assertThat(this.controlPlane.certificateSigningRequests()).isEmpty();
		assertThat(this.controlPlane.requests()).extracting(RecordedRequest::status).containsExactly(status);
	}

	@Test
	void strikesAsOftenAsToldAndOnlyWhatMatches() throws Exception {
		this.controlPlane.faults().next(2, RecordedRequest::isCreate).answer(503);
		assertThat(this.client.send("GET", ApiClient.CSRS, null, null).statusCode()).isEqualTo(200);
		assertThat(create().statusCode()).isEqualTo(503);
		assertThat(create().statusCode()).isEqualTo(503);
		assertThat(create().statusCode()).isEqualTo(201);
	}

	/** An assertion that fails in a test must not leave the application waiting. */
	@ParameterizedTest
	@ValueSource(classes = { AssertionError.class, IllegalStateException.class })
	@Timeout(30)
	void predicateThatThrowsIsLoggedAndAnsweredWithAnError(Class<? extends Throwable> type) throws Exception {
		Throwable thrown = type.getConstructor().newInstance();
		Queue<LogRecord> logged = new ConcurrentLinkedQueue<>();
		Logger logger = Logger.getLogger(Requests.class.getName());
		logger.setFilter((entry) -> !logged.add(entry));
		this.controlPlane.faults().next(1, (request) -> sneaky(thrown)).answer(503);
		assertThat(create().statusCode()).isEqualTo(500);
		assertThat(this.controlPlane.requests()).extracting(RecordedRequest::status).containsExactly(500);
		assertThat(logged).extracting(LogRecord::getThrown).containsExactly(thrown);
		logger.setFilter(null);
	}

	@SuppressWarnings("unchecked")
	private static <E extends Throwable> boolean sneaky(Throwable thrown) throws E {
		throw (E) thrown;
	}

	@Test
	void clearDisarms() throws Exception {
		this.controlPlane.faults().next(9, (request) -> true).answer(500).clear();
		assertThat(create().statusCode()).isEqualTo(201);
	}

	@Test
	void cutBeforeStoresNothing() {
		this.controlPlane.faults().next(1, RecordedRequest::isCreate).cutBefore();
		assertThatIOException().isThrownBy(this::create);
		assertThat(this.controlPlane.certificateSigningRequests()).isEmpty();
		assertThat(this.controlPlane.requests()).extracting(RecordedRequest::status).containsExactly(0);
	}

	@Test
	void answerAfterStoresAndAnswersWithAnError() throws Exception {
		this.controlPlane.faults().next(1, RecordedRequest::isCreate).answerAfter(500);
		assertThat(create().statusCode()).isEqualTo(500);
		assertThat(this.controlPlane.certificateSigningRequests()).hasSize(1);
		assertThat(create().statusCode()).isEqualTo(201);
	}

	@Test
	void cutAfterStoresAndLosesTheAnswer() {
		this.controlPlane.faults().next(1, RecordedRequest::isCreate).cutAfter();
		assertThatIOException().isThrownBy(this::create);
		assertThat(this.controlPlane.certificateSigningRequests()).hasSize(1);
	}

	@Test
	void nextWatchIsExpiredEndedOrCut() throws Exception {
		this.controlPlane.faults().next(1, RecordedRequest::isWatch).expire();
		assertThat(this.client.watch("").body()).singleElement()
			.asString()
			.contains("\"type\":\"ERROR\"", "\"reason\":\"Expired\"", "\"code\":410");
		this.controlPlane.faults().next(1, RecordedRequest::isWatch).end();
		assertThat(this.client.watch("").body()).isEmpty();
		this.controlPlane.faults().next(1, RecordedRequest::isWatch).cut();
		assertThatException().isThrownBy(() -> this.client.watch("").body().toList())
			.isInstanceOfAny(IOException.class, UncheckedIOException.class);
	}

	@Test
	void nextWatchIsSilent() throws Exception {
		this.controlPlane.faults().next(1, RecordedRequest::isWatch).silence();
		assertThat(create().statusCode()).isEqualTo(201);
		assertThat(this.client.watch("timeoutSeconds=1").body()).isEmpty();
		assertThat(this.client.watch("timeoutSeconds=1").body()).isNotEmpty();
	}

	@Test
	void openWatchesAreExpiredEndedOrCut() throws Exception {
		Stream<String> expired = openWatch();
		this.controlPlane.faults().expireWatches();
		assertThat(expired).singleElement().asString().contains("\"code\":410");
		Stream<String> ended = openWatch();
		this.controlPlane.faults().endWatches();
		assertThat(ended).isEmpty();
		Stream<String> cut = openWatch();
		this.controlPlane.faults().cutWatches();
		assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(cut::toList);
		await().untilAsserted(() -> assertThat(this.controlPlane.openWatches()).isZero());
	}

	@Test
	void watchIsOpenAsSoonAsTheClientHasTheHead() throws Exception {
		for (int i = 0; i < 200; i++) {
			Stream<String> events = this.client.watch("timeoutSeconds=300").body();
			assertThat(this.controlPlane.openWatches()).isOne();
			this.controlPlane.faults().endWatches();
			assertThat(events).isEmpty();
			await().until(() -> this.controlPlane.openWatches() == 0);
		}
	}

	@Test
	void compactedHistoryExpiresOldResourceVersions() throws Exception {
		String before = Json.text(this.client.get(ApiClient.CSRS), "metadata", "resourceVersion");
		this.client.create(Csr.serving("n1"));
		List<String> served = this.client.watch("timeoutSeconds=1&resourceVersion=" + before).body().toList();
		assertThat(served.get(0)).contains("\"type\":\"ADDED\"");
		this.controlPlane.compactHistory();
		assertThat(this.client.watch("resourceVersion=" + before).body()).singleElement()
			.asString()
			.contains("\"code\":410", "too old resource version: " + before);
	}

	/** As recorded in watch-too-old: a resource version from the future. */
	@Test
	void watchFromTheFutureIsOpenAndSilentAfterAReset() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.client.create(Csr.serving("n1"));
		String future = Json.text(this.client.get(ApiClient.CSRS), "metadata", "resourceVersion");
		Stream<String> open = openWatch();
		this.controlPlane.faults().resetResourceVersions();
		assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(open::toList);
		this.client.create(Csr.serving("n2"));
		JsonObject list = this.client.get(ApiClient.CSRS);
		assertThat(Json.list(list, "items")).hasSize(2);
		String now = Json.text(list, "metadata", "resourceVersion");
		assertThat(Long.parseLong(now)).isLessThan(Long.parseLong(future));
		assertThat(Json.list(list, "items"))
			.allSatisfy((item) -> assertThat(Long.parseLong(Json.text(item, "metadata", "resourceVersion")))
				.isBetween(1L, Long.parseLong(now)));
		String parameters = "allowWatchBookmarks=true&timeoutSeconds=3&resourceVersion=";
		HttpResponse<Stream<String>> watch = this.client.watch(parameters + future);
		HttpResponse<Stream<String>> other = this.client.watch(parameters + now);
		assertThat(watch.statusCode()).isEqualTo(200);
		assertThat(watch.body()).isEmpty();
		assertThat(other.body()).as("a bookmark").hasSize(1);
	}

	private Stream<String> openWatch() throws IOException, InterruptedException {
		Stream<String> events = this.client.watch("").body();
		await().untilAsserted(() -> assertThat(this.controlPlane.openWatches()).isOne());
		return events;
	}

	private HttpResponse<String> create() throws IOException, InterruptedException {
		return this.client.send("POST", ApiClient.CSRS, "application/json", Csr.kubeletClient("n1").body().toString());
	}

}
