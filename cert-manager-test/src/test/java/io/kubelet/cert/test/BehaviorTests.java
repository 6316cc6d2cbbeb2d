package io.kubelet.cert.test;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Logger;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Behavior}, the {@link Approver} and the {@link Signer}.
 *
 * @see Behavior
 * @see Approver
 * @see ApprovalPolicy
 * @see RequestController
 * @see io.kubelet.cert.test.resource.RequestType
 * @see Signer
 * @see io.kubelet.cert.test.pki.CertificateAuthority
 * @see io.kubelet.cert.test.pki.Usages
 */
class BehaviorTests {

	private static final Instant NOW = Instant.parse("2030-06-01T12:00:00Z");

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.builder()
		.clock(Clock.fixed(NOW, ZoneOffset.UTC))
		.start();

	private final ApiClient client = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());

	private final Behavior behavior = this.controlPlane.behavior();

	@Test
	void servingRequestIsApprovedByDefault() throws Exception {
		X509Certificate certificate = issue(Csr.serving("n1", "n1.example.com"));
		assertThat(certificate.getSubjectAlternativeNames()).containsExactly(List.of(2, "n1.example.com"));
		assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
	}

	/** Without a word, the application would wait until its timeout. */
	@Test
	void assertionThatFailsInAPolicyIsLogged() throws Exception {
		AssertionError failed = new AssertionError("not this one");
		Queue<Throwable> logged = new ConcurrentLinkedQueue<>();
		Logger logger = Logger.getLogger(RequestController.class.getName());
		logger.setFilter((entry) -> !logged.add(entry.getThrown()));
		this.behavior.approval((request) -> {
			throw failed;
		});
		this.client.create(Csr.serving("n1", "n1.example.com"));
		await().until(() -> logged.contains(failed));
		logger.setFilter(null);
	}

	@Test
	void realClusterLeavesServingRequestOpenUntilThePolicyChanges() throws Exception {
		this.behavior.approval(ApprovalPolicy.realCluster());
		String serving = ApiClient.name(this.client.create(Csr.serving("n1", "n1.example.com")));
		String kubeletClient = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		// The controllers work in order: when the second is signed, the first was looked
		// at
		this.client.issued(kubeletClient);
		assertThat(this.controlPlane.openCertificateSigningRequests()).containsExactly(serving);
		this.behavior.approval(ApprovalPolicy.approving());
		assertThat(this.client.issued(serving)).hasSize(1);
	}

	@Test
	void denyingPolicyDenies() throws Exception {
		this.behavior.approval(ApprovalPolicy.denying("Quota", "too many"));
		String name = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		await().untilAsserted(() -> assertThat(this.client.conditions(name)).containsExactly("Denied"));
		assertThat(this.client.get(ApiClient.CSRS + "/" + name).toString()).contains("Quota", "too many");
	}

	@Test
	void policySeesWhatIsAskedFor() throws Exception {
		this.behavior.approval((request) -> request.dnsNames().equals(List.of("good.example.com"))
				&& request.commonName().equals("system:node:n1") && request.username().startsWith("system:bootstrap:")
						? ApprovalPolicy.Verdict.approve() : ApprovalPolicy.Verdict.deny("Name", "not ours"));
		String bad = ApiClient.name(this.client.create(Csr.serving("n1", "bad.example.com")));
		String good = ApiClient.name(this.client.create(Csr.serving("n1", "good.example.com")));
		assertThat(this.client.issued(good)).hasSize(1);
		assertThat(this.client.conditions(bad)).containsExactly("Denied");
	}

	@Test
	void slowSignerKeepsRequestOpen() throws Exception {
		this.behavior.signingDelay(Duration.ofHours(1));
		String name = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		await().untilAsserted(() -> assertThat(this.client.conditions(name)).containsExactly("Approved"));
		this.behavior.signingDelay(Duration.ZERO);
		assertThat(this.client.issued(name)).hasSize(1);
	}

	@Test
	void signerOfOthersIsServedWhenAdded() throws Exception {
		Csr csr = Csr.of("CN=demo", "example.com/demo", List.of("digital signature", "server auth"), "demo.local");
		String name = ApiClient.name(this.client.create(csr));
		await().untilAsserted(() -> assertThat(this.client.conditions(name)).containsExactly("Approved"));
		this.behavior.sign("example.com/demo");
		ByteArrayInputStream authority = new ByteArrayInputStream(this.controlPlane.caPem().getBytes());
		assertThat(this.client.issued(name)).singleElement()
			.satisfies((certificate) -> certificate
				.verify(CertificateFactory.getInstance("X.509").generateCertificate(authority).getPublicKey()));
	}

	@ParameterizedTest
	@CsvSource({ "600, PT-5M, PT10M", "28799, PT-5M, PT28799S", "28800, PT-5M, PT28500S",
			"31536000, PT-5M, PT31535700S", "99999999, PT-5M, PT31535700S" })
	void lifetimeIsAsAskedForUpToAYear(int expirationSeconds, Duration notBefore, Duration notAfter) throws Exception {
		Csr csr = Csr.kubeletClient("n1");
		csr.body().getAsJsonObject("spec").addProperty("expirationSeconds", expirationSeconds);
		assertTimes(issue(csr), notBefore, notAfter);
	}

	@Test
	void certificateEndsNoLaterThanItsAuthority() throws Exception {
		try (EmbeddedControlPlane late = EmbeddedControlPlane.builder()
			.clock(Clock.fixed(Instant.parse("2099-12-01T00:00:00Z"), ZoneOffset.UTC))
			.start()) {
			ApiClient lateClient = new ApiClient(late, late.bootstrap());
			String name = ApiClient.name(lateClient.create(Csr.kubeletClient("n1")));
			assertThat(lateClient.issued(name).get(0).getNotAfter()).isEqualTo("2099-12-31T23:59:59Z");
		}
	}

	@Test
	void timesCanBeSetToAnything() throws Exception {
		this.behavior.certificateLifetime(Duration.ofSeconds(3));
		assertTimes(issue(Csr.kubeletClient("n1")), Duration.ZERO, Duration.ofSeconds(3));
		this.behavior.validity(Duration.ofSeconds(-2), Duration.ofSeconds(8));
		assertTimes(issue(Csr.kubeletClient("n1")), Duration.ofSeconds(-2), Duration.ofSeconds(8));
		this.behavior.alreadyExpired();
		assertThat(issue(Csr.kubeletClient("n1")).getNotAfter()).isBefore(NOW);
		this.behavior.notYetValid();
		assertThat(issue(Csr.kubeletClient("n1")).getNotBefore()).isAfter(NOW);
		this.behavior.reset();
		assertTimes(issue(Csr.kubeletClient("n1")), Duration.ofMinutes(-5), Duration.ofDays(365).minusMinutes(5));
	}

	@Test
	void flawsChangeWhatIsSigned() throws Exception {
		this.behavior.sign("example.com/demo");
		this.behavior.flaws(SignerFlaw.DROPPED_NAMES);
		X509Certificate poor = issue(Csr.serving("n1", "n1.example.com"));
		assertThat(poor.getSubjectAlternativeNames()).isNull();
		assertThat(issue(Csr.of("", "example.com/demo", List.of("server auth"), "shop.example.com"))
			.getSubjectAlternativeNames()).isNull();
		this.behavior.flaws(SignerFlaw.ANOTHER_KEY, SignerFlaw.ANOTHER_SUBJECT);
		Csr csr = Csr.kubeletClient("n1");
		X509Certificate wrong = issue(csr);
		assertThat(wrong.getPublicKey()).isNotEqualTo(csr.key().getPublic());
		assertThat(wrong.getSubjectX500Principal().getName()).isEqualTo("CN=someone-else");
		this.behavior.flaws();
		csr = Csr.kubeletClient("n1");
		assertThat(issue(csr).getPublicKey()).isEqualTo(csr.key().getPublic());
	}

	@Test
	void certificateCanBeGarbage() throws Exception {
		this.behavior.flaws(SignerFlaw.GARBAGE);
		String name = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> this.client.issued(name))
			.withCauseInstanceOf(CertificateException.class);
	}

	private X509Certificate issue(Csr csr) throws Exception {
		List<X509Certificate> chain = issueChain(csr);
		assertThat(chain).hasSize(1);
		return chain.get(0);
	}

	private List<X509Certificate> issueChain(Csr csr) throws Exception {
		return this.client.issued(ApiClient.name(this.client.create(csr)));
	}

	private static void assertTimes(X509Certificate certificate, Duration notBefore, Duration notAfter) {
		assertThat(certificate.getNotBefore().toInstant()).isEqualTo(NOW.plus(notBefore));
		assertThat(certificate.getNotAfter().toInstant()).isEqualTo(NOW.plus(notAfter));
	}

}
