package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.LongStream;

import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for the pauses and the lists of a {@link Reflector}.
 *
 * @see Reflector
 * @see WatchJson
 */
@ExtendWith(OutputCaptureExtension.class)
class ReflectorTests {

	private static final int MEBIBYTE = 1024 * 1024;

	@ParameterizedTest
	@CsvSource({ "1,PT1S", "2,PT2S", "5,PT16S", "6,PT30S", "1000000,PT30S" })
	void watchThatBringsNothingIsOpenedEverMoreSeldom(int times, Duration longest) {
		assertThat(Reflector.pause(times, Duration.ZERO, 1)).isEqualTo(longest.toMillis());
		assertThat(Reflector.pause(times, Duration.ZERO, 0)).isEqualTo(longest.toMillis() / 2);
	}

	@ParameterizedTest
	@CsvSource({ "1,PT0S,PT1S", "1,PT10S,PT10S", "1,PT1H,PT10S", "1,P10000D,PT10S", "6,PT1H,PT30S" })
	void serverThatAsksForAPauseGetsItUpToTenSeconds(int times, Duration retryAfter, Duration pause) {
		assertThat(Reflector.pause(times, retryAfter, 1)).isEqualTo(pause.toMillis());
	}

	@Test
	void watchEndsALittleAfterTheServerWasAskedToEndIt() {
		ApiClient client = new ApiClient().setBasePath("https://192.0.2.1");
		assertThat(Selection.byName("any", "/things").watch(client, "/things", "1", 300).timeout().timeoutNanos())
			.isEqualTo(Duration.ofSeconds(330).toNanos());
	}

	/** An event shows that the server is well, but not that it lets watches last. */
	@Test
	void serverThatEndsEachWatchAfterAnEventIsAskedAFewTimesASecond() {
		List<Instant> watches = new CopyOnWriteArrayList<>();
		ApiClient client = answering("https://192.0.2.1", (call) -> {
			if (call.startsWith("watch ")) {
				watches.add(Instant.now());
			}
		});
		try (PublishedAuthorities authorities = new PublishedAuthorities(
				PublishedAuthorities.Place.configMap("shop", "trust", "ca.crt"), () -> client,
				(watch) -> Adapter.daemon(watch).start())) {
			authorities.version(Duration.ZERO);
			Awaitility.await().until(() -> watches.size() > 4);
		}
		assertThat(Duration.between(watches.get(0), watches.get(4))).isGreaterThan(Duration.ofMillis(4 * 250 - 50));
	}

	/** Its versions are others, and the objects, too. */
	@Test
	void anotherServerIsAskedForAListFirst() {
		List<String> asked = new CopyOnWriteArrayList<>();
		ApiClient first = answering("https://192.0.2.1", asked::add);
		ApiClient second = answering("https://192.0.2.2", asked::add);
		try (PublishedAuthorities authorities = new PublishedAuthorities(
				PublishedAuthorities.Place.configMap("shop", "trust", "ca.crt"),
				() -> (asked.size() < 2) ? first : second, (watch) -> Adapter.daemon(watch).start())) {
			authorities.version(Duration.ZERO);
			Awaitility.await().until(() -> asked.size() > 3);
		}
		assertThat(asked.subList(0, 4)).containsExactly("list 192.0.2.1", "watch 192.0.2.1", "list 192.0.2.2",
				"watch 192.0.2.2");
	}

	/** Such as one that sends no bookmarks, while nothing changes. */
	@Test
	void outageAfterWatchesThatEndedWithoutAnEventIsReported(CapturedOutput output) {
		AtomicInteger calls = new AtomicInteger();
		String list = "{\"metadata\": {\"resourceVersion\": \"1\"}, \"items\": []}";
		ApiClient client = new ApiClient().setBasePath("https://192.0.2.1");
		Adapter.intercept(client, (chain) -> {
			boolean watch = chain.request().url().queryParameter("watch") != null;
			boolean refused = calls.incrementAndGet() > 6;
			return new Response.Builder().request(chain.request())
				.protocol(Protocol.HTTP_1_1)
				.code(refused ? 403 : 200)
				.message("any")
				.body(ResponseBody.create(watch ? "" : list, null))
				.build();
		});
		try (PublishedAuthorities authorities = new PublishedAuthorities(
				PublishedAuthorities.Place.configMap("shop", "trust", "ca.crt"), () -> client,
				(watch) -> Adapter.daemon(watch).start())) {
			authorities.version(Duration.ZERO);
			Awaitility.await()
				.atMost(Duration.ofSeconds(30))
				.until(() -> output.getOut().contains("ConfigMap shop/trust cannot be watched for now: "));
		}
	}

	/** As if a credential plug-in failed once. Nothing changes on the server. */
	@Test
	void clientThatCannotBeCreatedOnceIsAProblemUntilItCan() {
		AtomicInteger clients = new AtomicInteger();
		List<String> asked = new CopyOnWriteArrayList<>();
		ApiClient client = answering("https://192.0.2.1", "BOOKMARK", asked::add);
		List<String> problems = new CopyOnWriteArrayList<>();
		try (PublishedAuthorities authorities = new PublishedAuthorities(
				PublishedAuthorities.Place.configMap("shop", "trust", "ca.crt"), () -> {
					if (clients.incrementAndGet() == 2) {
						throw new KubernetesConfigurationException("The program ended with status 1");
					}
					return client;
				}, (watch) -> Adapter.daemon(watch).start())) {
			authorities.onChange(() -> problems.add(String.valueOf(authorities.problem())));
			authorities.version(Duration.ZERO);
			Awaitility.await().until(() -> asked.stream().filter((call) -> call.startsWith("watch ")).count() > 2);
		}
		assertThat(problems).containsExactly("null",
				"The ConfigMap shop/trust cannot be watched for now: The program ended with status 1", "null");
		assertThat(asked.subList(0, 5)).containsExactly("list 192.0.2.1", "watch 192.0.2.1", "list 192.0.2.1",
				"watch 192.0.2.1", "watch 192.0.2.1");
	}

	/** A server that ends each watch after an event. */
	private static ApiClient answering(String url, Consumer<String> asked) {
		return answering(url, "MODIFIED", asked);
	}

	private static ApiClient answering(String url, String event, Consumer<String> asked) {
		ApiClient client = new ApiClient().setBasePath(url);
		String object = "{\"metadata\": {\"name\": \"trust\", \"resourceVersion\": \"1\"}}";
		String list = "{\"metadata\": {\"resourceVersion\": \"1\"}, \"items\": [%s]}".formatted(object);
		Adapter.intercept(client, (chain) -> {
			boolean watch = chain.request().url().queryParameter("watch") != null;
			asked.accept((watch ? "watch " : "list ") + chain.request().url().host());
			return new Response.Builder().request(chain.request())
				.protocol(Protocol.HTTP_1_1)
				.code(200)
				.message("OK")
				.body(ResponseBody
					.create(watch ? "{\"type\": \"%s\", \"object\": %s}\n".formatted(event, object) : list, null))
				.build();
		});
		return client;
	}

	/** Anyone who may create requests can give many our label. */
	@Test
	void objectThatIsNotWantedIsDroppedBeforeTheNextOneIsRead() throws Exception {
		String object = "{\"padding\": \"%s\"}".formatted("x".repeat(MEBIBYTE));
		String list = "{\"metadata\": {\"resourceVersion\": \"1\"}, \"items\": [%s]}"
			.formatted(String.join(",", Collections.nCopies(20, object)));
		Buffer unread = new Buffer().writeUtf8(list);
		ApiClient client = new ApiClient().setBasePath("https://192.0.2.1");
		Adapter.intercept(client,
				(chain) -> new Response.Builder().request(chain.request())
					.protocol(Protocol.HTTP_1_1)
					.code(200)
					.message("OK")
					.body(ResponseBody.create(unread, null, -1))
					.build());
		List<Long> left = new ArrayList<>();
		assertThat(WatchJson.list(client, Selection.byName("any", "/things"), (any) -> {
			left.add(Math.round(unread.size() / (double) MEBIBYTE));
			return left.size() == 7;
		}).objects()).hasSize(1);
		assertThat(left).isEqualTo(LongStream.range(0, 20).mapToObj((read) -> 19 - read).toList());
	}

	/** As with a limit of the processes of a container. */
	@Test
	void watchWithoutAThreadStartsWithTheNextCaller() {
		List<Runnable> started = new ArrayList<>();
		PublishedAuthorities authorities = new PublishedAuthorities(
				PublishedAuthorities.Place.configMap("shop", "trust", "ca.crt"), ApiClient::new, (watch) -> {
					started.add(watch);
					if (started.size() == 1) {
						throw new OutOfMemoryError("unable to create native thread");
					}
				});
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> authorities.version(Duration.ZERO));
		authorities.version(Duration.ZERO);
		authorities.version(Duration.ZERO);
		assertThat(started).hasSize(2);
	}

}
