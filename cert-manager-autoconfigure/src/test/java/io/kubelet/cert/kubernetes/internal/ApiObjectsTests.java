package io.kubelet.cert.kubernetes.internal;

import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Request;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ApiObjects}.
 *
 * @see ApiObjects
 */
class ApiObjectsTests {

	private final ApiClient client = new ApiClient().setBasePath("https://192.0.2.1:6443/clusters/one");

	@Test
	void callsEndWithinATime() {
		long limit = TimeUnit.SECONDS.toNanos(30);
		assertThat(ApiObjects.create(this.client, "/things", new JsonObject()).timeout().timeoutNanos())
			.isEqualTo(limit);
		assertThat(ApiObjects.read(this.client, "/things", "a").timeout().timeoutNanos()).isEqualTo(limit);
		assertThat(ApiObjects.list(this.client, "/things", Map.of()).timeout().timeoutNanos()).isEqualTo(limit);
	}

	@Test
	void nameIsOneSegmentOfThePath() {
		Request request = ApiObjects.read(this.client, "/apis/v1/things", "a/b c").request();
		assertThat(request.method()).isEqualTo("GET");
		assertThat(request.url()).hasToString("https://192.0.2.1:6443/clusters/one/apis/v1/things/a%2Fb%20c");
	}

	@Test
	void requestNamesItsSenderForTheAuditLog() {
		Request request = ApiObjects.list(this.client, "/apis/v1/things", Map.of()).request();
		assertThat(request.header("User-Agent")).isEqualTo("spring-boot-cert-manager");
		assertThat(request.header("Accept")).isEqualTo("application/json");
	}

}
