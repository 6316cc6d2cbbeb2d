package io.kubelet.cert.replicas;

import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.testsupport.ShopFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Somebody who can write the Secret stores a request of his own there, for our names.
 *
 * @see io.kubelet.cert.kubernetes.internal.secret.SecretStore
 */
@ExtendWith(OutputCaptureExtension.class)
class PlantedRequestTests extends ShopFixture {

	private static final CertificateTemplate TEMPLATE = new CertificateTemplate("shop", List.of(),
			List.of("shop.shop.svc"), List.of(), List.of(), List.of());

	private final List<PendingRequest> planted = new ArrayList<>();

	@Test
	void requestsThatArePlantedInPlaceOfOursAreNotSent(CapturedOutput output) {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		start("startup.mode=background");
		start("startup.mode=background");
		await().until(() -> this.plane.openCertificateSigningRequests().size() == 1);
		plant();
		await()
			.untilAsserted(() -> assertThat(output.getOut()
				.lines()
				.filter((line) -> line
					.contains("Another replica has stored request " + this.planted.get(0).request().name())))
				.hasSize(2));
		plant();
		PendingRequest last = this.planted.get(1);
		String object = String.valueOf(last.request().name());
		await().until(() -> this.plane.count((request) -> (request.path() + request.query()).contains(object)) >= 2);
		// Within this time, the replica that stored it would have sent it
		this.clock.set(Duration.ofSeconds(20));
		this.plane.secrets().put("shop", "shop-tls", Map.of("request.pem", last.toPem()));
		await().until(() -> this.plane.openCertificateSigningRequests().size() == 2);
		this.plane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> !isPending());
		awaitAgreement();
		assertThat(creates()).isEqualTo(2);
		assertThat(this.planted).hasSize(2).allSatisfy((request) -> {
			assertThat(this.plane.certificateSigningRequests()).doesNotContain(request.request().name());
			assertThat(request.hasKey(stored().leaf().getPublicKey())).isFalse();
		});
	}

	/** For a request without a name, the signer would create an object of any name. */
	@Test
	void requestWithoutANameThatIsPlantedIsNotSent(CapturedOutput output) {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		start("startup.mode=background");
		await().until(() -> this.plane.openCertificateSigningRequests().size() == 1);
		PendingRequest request = request();
		String nameless = request.toPem().replaceFirst("Name: .*\n", "");
		Duration[] passed = { Duration.ZERO };
		await().until(() -> {
			this.plane.secrets().put("shop", "shop-tls", Map.of("request.pem", nameless));
			passed[0] = passed[0].plusMinutes(1);
			this.clock.set(passed[0]);
			return creates() > 1 || output.getOut().contains("The pending request in Secret shop/shop-tls is not used");
		});
		this.plane.behavior().approval(ApprovalPolicy.approving());
		await().until(() -> !isPending());
		awaitAgreement();
		assertThat(request.hasKey(stored().leaf().getPublicKey())).isFalse();
		assertThat(creates()).isEqualTo(1);
	}

	/** Stores a request as a replica would. */
	private void plant() {
		PendingRequest request = request();
		this.planted.add(request);
		this.plane.secrets().put("shop", "shop-tls", Map.of("request.pem", request.toPem()));
	}

	/** Whoever makes it keeps its key. */
	private static PendingRequest request() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		List<Usage> usages = Usage.defaults(Signer.of(SIGNER), TEMPLATE, keys.getPublic());
		String name = RequestNaming.after("shop").name(keys.getPublic(), TEMPLATE, usages);
		return new PendingRequest(CertificateRequests.create(name, TEMPLATE, Signer.of(SIGNER), usages, null, keys),
				keys.getPrivate(), KeySpecification.EC_P256, null);
	}

}
