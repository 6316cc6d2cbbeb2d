package io.kubelet.cert.test;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link EmbeddedControlPlane}: what a user meets first.
 */
class EmbeddedControlPlaneTests {

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ApiClient client = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());

	@Test
	void kubeletClientRequestIsApprovedAndSigned() throws Exception {
		JsonObject created = this.client.post(ApiClient.CSRS, Csr.kubeletClient("n1").body());
		String name = Json.text(created, "metadata", "name");
		HttpResponse<Stream<String>> watch = this.client.watch("fieldSelector=metadata.name%3D" + name
				+ "&resourceVersion=" + Json.text(created, "metadata", "resourceVersion"));
		List<String> events = watch.body().limit(2).toList();
		assertThat(events.get(0)).contains("\"type\":\"MODIFIED\"").contains("AutoApproved");
		assertThat(events.get(1)).contains("\"certificate\":\"");
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
		assertThat(this.controlPlane.count(RecordedRequest::isWatch)).isOne();
		assertThat(this.controlPlane.openCertificateSigningRequests()).isEmpty();
	}

}
