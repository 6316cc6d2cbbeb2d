package io.kubelet.cert.kubernetes.internal.watch;

import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.kubernetes.internal.ApiObjects.AnswerTooLargeException;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ListerTests {

	private static final int MORE_THAN_ANY = 2000;

	private final AtomicInteger pages = new AtomicInteger();

	@ParameterizedTest
	@CsvSource({ "2097152, 32", "0, 1024" })
	void listWithoutAnEndIsReadUpToALimit(int padding, int expected) {
		Lister lister = new Lister(Selection.byName("trust", "/api/v1/configmaps"), (object) -> false, () -> false);
		assertThatExceptionOfType(AnswerTooLargeException.class)
			.isThrownBy(() -> lister.list(endless("x".repeat(padding))));
		assertThat(this.pages).hasValue(expected);
	}

	private ApiClient endless(String padding) {
		return new ApiClient(new OkHttpClient.Builder().addInterceptor((chain) -> {
			String next = (this.pages.incrementAndGet() < MORE_THAN_ANY) ? "next" : "";
			String page = """
					{"metadata": {"resourceVersion": "1", "continue": "%s"}, "items": [{"data": "%s"}]}
					""".formatted(next, padding);
			return new Response.Builder().request(chain.request())
				.protocol(Protocol.HTTP_1_1)
				.code(200)
				.message("OK")
				.body(ResponseBody.create(page, MediaType.get("application/json")))
				.build();
		}).build());
	}

}
