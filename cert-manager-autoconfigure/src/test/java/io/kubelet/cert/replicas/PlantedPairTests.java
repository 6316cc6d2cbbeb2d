package io.kubelet.cert.replicas;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.replicas.Replicas.Replica;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Response;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for replicas in whose Secret somebody stores a pair: only a pair that they use is
 * copied, and stored again when it is removed.
 */
class PlantedPairTests {

	private static final TestAuthority FOREIGN = new TestAuthority("foreign");

	@AutoClose
	private final Replicas replicas = new Replicas();

	private final String files = "cert-dir=" + this.replicas.directory.resolve("pki");

	private final String authority = "signer-ca-file="
			+ Adapter.write(this.replicas.directory.resolve("ca.pem"), this.replicas.plane.caPem());

	/** It has the annotations of a pair that a replica has stored. */
	@Test
	void pairOfAForeignIssuerIsReplacedAndNeverUsed() throws Exception {
		Replica replica = this.replicas.start(this.authority, this.files);
		CertificatePair own = this.replicas.settle();
		this.replicas.approveNothing();
		CertificatePair foreign = pair("www.bank.com");
		plant(foreign);
		this.replicas.awaitPending();
		assertThat(this.replicas.stored()).isEqualTo(foreign);
		assertThat(replica.pair()).isEqualTo(own);
		assertThat(copy()).isEqualTo(own);
		this.replicas.approve();
		assertThat(this.replicas.awaitSuccessor(foreign)).isEqualTo(copy());
		assertThat(this.replicas.creates()).isOne();
	}

	@Test
	void replicaThatStartsWithAPairOfAForeignIssuerRequestsItsOwn() throws Exception {
		this.replicas.start(this.authority).stop();
		CertificatePair foreign = pair("shop.shop.svc");
		plant(foreign);
		Replica late = this.replicas.start(this.authority, this.files);
		assertThat(late.pair()).isNotEqualTo(foreign).isEqualTo(this.replicas.awaitAgreement()).isEqualTo(copy());
		assertThat(this.replicas.creates()).isEqualTo(2);
	}

	@Test
	void pairOfAForeignIssuerInTheCopyIsNotUsedWithoutTheServer() throws Exception {
		this.replicas.start(this.files).stop();
		plant(pair("shop.shop.svc"));
		this.replicas.start(this.files).stop();
		assertThat(copy().leaf().getIssuerX500Principal()).hasToString("CN=foreign");
		this.replicas.plane.pause();
		Replica replica = this.replicas.start(this.authority, this.files, "startup.mode=background");
		assertThat(replica.status().pair()).isNull();
		this.replicas.plane.resume();
		this.replicas.awaitAgreement();
	}

	/** As by {@code kubectl apply} of the Secret of the deployment. */
	@Test
	void pairThatAPersonStoredIsStoredAgainWhenItIsRemoved() throws IOException {
		this.replicas.start(this.files);
		this.replicas.start();
		CertificatePair before = this.replicas.settle();
		CertificatePair edited = pair("shop.shop.svc");
		this.replicas.plane.secrets()
			.put("shop", "shop-tls",
					Map.of("tls.crt", Pem.write(edited.chain()), "tls.key", Pem.writePrivateKey(edited)));
		assertThat(this.replicas.awaitSuccessor(before)).isEqualTo(edited).isEqualTo(copy());
		this.replicas.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "", "tls.key", ""));
		await().atMost(Replicas.PATIENCE).until(() -> !this.replicas.secret().getOrDefault("tls.crt", "").isEmpty());
		assertThat(this.replicas.awaitAgreement()).isEqualTo(edited);
		assertThat(this.replicas.creates()).isZero();
	}

	private CertificatePair copy() throws IOException {
		return Pem.readPair(Files.readString(this.replicas.directory.resolve("pki").resolve("shop-current.pem")));
	}

	/** Stores a pair as a replica does. */
	private void plant(CertificatePair pair) throws Exception {
		ApiClient admin = Adapter
			.client(this.replicas.plane.writeKubeconfig(this.replicas.directory, this.replicas.plane.admin()));
		String path = "/api/v1/namespaces/shop/secrets";
		JsonObject secret = ApiObjects.send(ApiObjects.read(admin, path, "shop-tls")).join();
		JsonObject data = secret.getAsJsonObject("data");
		data.addProperty("tls.crt", encode(Pem.write(pair.chain())));
		data.addProperty("tls.key", encode(Pem.writePrivateKey(pair)));
		JsonObject annotations = secret.getAsJsonObject("metadata").getAsJsonObject("annotations");
		annotations.addProperty("cert.kubelet.io/serial-number", pair.serialNumber());
		annotations.addProperty("cert.kubelet.io/rotation-deadline", Instant.now().plus(Duration.ofDays(8)).toString());
		try (Response answer = ApiObjects.replace(admin, path, "shop-tls", secret).execute()) {
			assertThat(answer.code()).isEqualTo(200);
		}
	}

	private static String encode(String text) {
		return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
	}

	private static CertificatePair pair(String name) {
		Instant now = Instant.now();
		CertificateTemplate template = new CertificateTemplate("shop", List.of(), List.of(name), List.of(), List.of(),
				List.of());
		return FOREIGN.pair(template, now.minusSeconds(60), now.plus(Duration.ofDays(10)));
	}

}
