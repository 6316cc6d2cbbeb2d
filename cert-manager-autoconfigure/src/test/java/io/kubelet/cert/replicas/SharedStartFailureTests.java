package io.kubelet.cert.replicas;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubelet.cert.testsupport.ShopFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * What an application that cannot use its Secret tells its operator.
 *
 * @see io.kubelet.cert.autoconfigure.CertificateStores
 */
@ExtendWith(OutputCaptureExtension.class)
class SharedStartFailureTests extends ShopFixture {

	@Test
	void secretOfAnotherProgramIsRefusedWithTheRemedies() {
		this.plane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "of somebody", "tls.key", "else"));
		assertThat(StartFailures.property(catchThrowable(this::start)))
			.hasMessageStartingWith("Property kubelet.cert.store.secret with value 'Secret shop-tls' is invalid: ")
			.hasMessageEndingWith(
					"The Secret contains a certificate that another program has stored. It is left as it is: "
							+ "name another Secret, or set 'kubelet.cert.rotate-certificates' to false, mount the Secret as "
							+ "a volume and set 'kubelet.cert.tls-cert-file' to its file");
		assertThat(this.plane.certificateSigningRequests()).isEmpty();
		assertThat(secret()).containsEntry("tls.crt", "of somebody");
	}

	/** Only in the report: Spring logs the exception as well. */
	@Test
	void missingPermissionIsReportedWithTheRole(CapturedOutput output) {
		String poor = "system:serviceaccount:shop:poor";
		this.plane.allow(poor, Set.of("create", "get", "list", "watch"), "certificatesigningrequests");
		FailureAnalysis report = StartFailures.report(catchThrowable(() -> start("kubernetes.kubeconfig="
				+ this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("shop", "poor")))));
		assertThat(report.getDescription() + report.getAction()).contains("Cannot read Secret shop/shop-tls",
				"kubectl create role kubelet-cert-secrets-shop-tls --namespace shop --verb=get,list,watch,update --resource=secrets "
						+ "--resource-name=shop-tls");
		assertThat(output).contains("Exception encountered during context initialization")
			.doesNotContain("kubectl create role");
		assertThat(this.plane.certificateSigningRequests()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "shop-tls, shop/shop-tls", "shop/shop-tls, shop-tls" })
	void twoCertificatesInOneSecretAreReportedHoweverItIsNamed(String first, String second) {
		assertThat(StartFailures.property(catchThrowable(() -> start("store.secret=" + first,
				"additional.other.template.common-name=other", "additional.other.store.secret=" + second))))
			.hasMessage("Property kubelet.cert.additional.other.store.secret with value 'Secret " + second
					+ "' is invalid: Another certificate is stored in Secret shop/shop-tls, too: name a Secret for each");
		assertThat(this.plane.requests()).isEmpty();
	}

	/** Each may have to wait for an API server that does not answer. */
	@Test
	void secretsOfSeveralCertificatesAreReadAtOnce() {
		this.plane.allow(ShopAccount.NAME, Set.of("get", "list", "watch", "update"), "secrets", "other-tls");
		CyclicBarrier together = new CyclicBarrier(2);
		Set<String> first = ConcurrentHashMap.newKeySet();
		this.plane.faults()
			.next(1, (request) -> request.path().contains("/secrets/") && first.add(request.path())
					&& !arrives(together))
			.answer(500);
		start("additional.other.signer-name=example.com/shop", "additional.other.template.common-name=other",
				"additional.other.store.secret=other-tls");
		assertThat(together.isBroken()).isFalse();
		assertThat(first).hasSize(2);
	}

	/** Returns after less than the time limit of a request. */
	private static boolean arrives(CyclicBarrier together) {
		try {
			together.await(5, TimeUnit.SECONDS);
			return true;
		}
		catch (Exception ex) {
			return false;
		}
	}

	@Test
	void nodeThatBootstrapsSharesNothing() {
		assertThat(StartFailures.property(catchThrowable(
				() -> start("kubernetes.bootstrap-kubeconfig=" + this.plane.writeKubeconfig(this.directory),
						"kubernetes.kubeconfig=" + this.directory.resolve("kubelet.conf")))))
			.hasMessageStartingWith("Property kubelet.cert.store.type")
			.hasMessageEndingWith("set this property to 'file'");
	}

}
