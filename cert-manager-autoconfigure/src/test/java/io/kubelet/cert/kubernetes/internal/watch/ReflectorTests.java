package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;

import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the pauses and the lists of a {@link Reflector}.
 */
class ReflectorTests {

	@ParameterizedTest
	@CsvSource({ "1,PT1S", "2,PT2S", "5,PT16S", "6,PT30S", "1000000,PT30S" })
	void watchThatBringsNothingIsOpenedEverMoreSeldom(int times, Duration longest) {
		assertThat(Reflector.pause(times, Duration.ZERO, 1)).isEqualTo(longest.toMillis());
		assertThat(Reflector.pause(times, Duration.ZERO, 0)).isEqualTo(longest.toMillis() / 2);
	}

	@ParameterizedTest
	@CsvSource({ "PT0S,PT1S", "PT10S,PT10S", "PT1H,PT1H", "PT24H,PT1H", "P10000D,PT1H" })
	void serverThatAsksForAPauseGetsItUpToAnHour(Duration retryAfter, Duration pause) {
		assertThat(Reflector.pause(1, retryAfter, 1)).isEqualTo(pause.toMillis());
	}

	/** Anyone who may create requests can give many our label. */
	@Test
	void objectThatIsNotWantedIsDropped() throws Exception {
		ApiClient client = new ApiClient().setBasePath("https://192.0.2.1");
		Adapter.intercept(client,
				(chain) -> new Response.Builder().request(chain.request())
					.protocol(Protocol.HTTP_1_1)
					.code(200)
					.message("OK")
					.body(ResponseBody.create(
							"{\"items\": [{\"a\": 1}, {\"b\": 2}], \"metadata\": {\"resourceVersion\": \"1\"}}", null))
					.build());
		assertThat(WatchJson.list(client, Selection.byName("any", "/things"), (object) -> object.has("b")).objects())
			.hasToString("[{\"b\":2}]");
	}

}
