package io.kubelet.cert.rotation.engine;

import java.net.InetAddress;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import io.kubelet.cert.store.StoreException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the log says, and that it does not say it over and over.
 *
 * @see RotationLog
 * @see FailureLog
 * @see Journal
 */
class LogTests extends ManagerFixture {

	private static final String WAITS = " to signer kubernetes.io/kube-apiserver-client-kubelet waits for approval and signature";

	@Test
	void failureSaysThatThereIsNoCertificateYet(CapturedOutput output) {
		this.signer.failsWith((request) -> new IllegalStateException("a glitch\nERROR nothing"));
		start();
		assertLine(output, "a glitch ERROR nothing").contains("WARN",
				"[kubelet-client] Attempt 1 failed; retrying in 2s (there is no certificate yet): a glitch");
	}

	@Test
	void failureSaysThatTheCertificateHasExpired(CapturedOutput output) {
		start();
		this.signer.denies();
		pass(ofMinutes(63));
		assertThat(output).contains("(the certificate has expired): Request csr-");
	}

	@Test
	void adviceIsLoggedOnce(CapturedOutput output) {
		this.signer.failsWith((request) -> RequestException.rejected(403, "Forbidden", "No\nThe permission"));
		start();
		pass(ofMinutes(3));
		assertThat(this.failures).hasSizeGreaterThan(1);
		assertThat(output).containsOnlyOnce("The permission");
	}

	@Test
	void requestOfAnIssuerIsShownWithItsNamespace(CapturedOutput output) {
		this.signer.namespace = "shop";
		this.signer.holds();
		start(builder().signerName("Issuer/internal"));
		pass(ofMinutes(1));
		assertThat(output).contains("see 'kubectl describe certificaterequest --namespace shop " + request(0).name());
	}

	@Test
	void endOfFailuresIsLoggedAlsoIfAnotherProgramStoresTheCertificate(CapturedOutput output) {
		this.signer.denies();
		start();
		pass(ofMinutes(133));
		storePair(ofMinutes(0), ofMinutes(600));
		pass(ofMinutes(5));
		assertThat(output).containsOnlyOnce("are over (failed attempts: " + this.failures.size() + ")");
	}

	/** An attempt every half a minute is 112 in an hour. */
	@Test
	void sameFailureIsLoggedEverMoreSeldom(CapturedOutput output) {
		storePair(ofMinutes(0), ofMinutes(600));
		this.signer.failsWith((request) -> new IllegalStateException("a glitch"));
		start();
		pass(ofMinutes(419));
		int before = this.failures.size();
		assertThat(lines(output, "a glitch")).isZero();
		pass(ofMinutes(61));
		assertThat(this.failures.size() - before).isGreaterThan(100);
		assertThat(lines(output, "a glitch")).isBetween(8L, 12L);
		this.signer.failsWith((request) -> new IllegalStateException("a mishap"));
		pass(ofMinutes(1));
		assertThat(lines(output, "a mishap")).isOne();
		pass(ofMinutes(130));
		assertThat(output).contains("(the certificate has expired): a mishap");
		assertThat(lines(output, "a mishap")).isLessThan(15);
	}

	private static long lines(CapturedOutput output, String text) {
		return output.getOut().lines().filter((line) -> line.contains("Attempt ") && line.contains(text)).count();
	}

	@ParameterizedTest
	@CsvSource({ "PT30S, true", "PT9M59S, true", "PT10M, false", ", false" })
	void lifetimeThatLeavesNoTimeForFailuresIsReportedAtTheStart(@Nullable Duration lifetime, boolean reported,
			CapturedOutput output) {
		start(withoutSigner().with((it) -> it.requestedLifetime = lifetime));
		assertThat(output).as("while rotation is off").doesNotContain("requested-lifetime");
		start(builder().with((it) -> it.requestedLifetime = lifetime));
		if (reported) {
			assertLine(output, "'requested-lifetime' is ").contains("WARN",
					"leave the application without a valid certificate. Request at least 10m");
		}
		else {
			assertThat(output).doesNotContain("requested-lifetime");
		}
	}

	/** A signer by default, or from another configuration file, is not the one meant. */
	@Test
	void everyMessageAboutARequestNamesItsSignerAndAnAnswerWhereThatIsFrom(CapturedOutput output) {
		String signer = "example.com/meant";
		this.signer.holds();
		start(dynamic().signerName(signer).with((it) -> it.signerOrigin = "kubelet.cert.signer-name"));
		pass(ofMinutes(16));
		this.template = TEMPLATE.withDnsNames(List.of("n1.example.com"));
		this.signer.failsWith((request) -> RequestException.denied(String.valueOf(request.name()), Signer.of(signer),
				"No", "ask us"));
		pass(ofMinutes(1));
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("equest csr-"))
			.hasSizeGreaterThanOrEqualTo(4)
			.allMatch((line) -> line.contains("signer " + signer));
		assertThat(output).contains(
				"to signer example.com/meant (from kubelet.cert.signer-name), created 1s ago, is waiting",
				"was not approved, denied or signed within 15m", "is abandoned");
		assertLine(output, "was denied: ask us")
			.contains("(the signer is from kubelet.cert.signer-name; there is no certificate yet): Request csr-");
	}

	/** As a Secret that a policy of the cluster does not accept. */
	@Test
	void answerToAStoreSaysNothingOfTheSigner(CapturedOutput output) {
		this.outage = new StoreException(Kind.REJECTED, "Cannot store in Secret web/shop: too large",
				RequestException.rejected(422, "Invalid", "too large"));
		start(builder().with((it) -> it.signerOrigin = "kubelet.cert.signer-name"));
		assertLine(output, "Attempt 1 ").contains("the same request would fail again; next attempt in ")
			.contains("(there is no certificate yet): Cannot store");
	}

	@Test
	void namesThatWereNotRequestedAreReported(CapturedOutput output) {
		CertificateTemplate more = TEMPLATE.withDnsNames(List.of("*.bank.com", "a\nb"))
			.withIpAddresses(List.of(InetAddress.getLoopbackAddress()))
			.withUris(List.of("urn:a"))
			.withEmailAddresses(List.of("a@example.com"));
		this.signer.issues(
				(request) -> List.of(this.authority.issue(request.publicKey(), more, START, START.plusSeconds(3600))));
		CertificateManager manager = start();
		String names = "[DNS:*.bank.com, DNS:a b, IP:127.0.0.1, URI:urn:a, email:a@example.com]";
		assertLine(output, "not requested").contains("WARN",
				"[kubelet-client] The certificate has names that were not requested: " + names);
		assertThat(manager.status().rotations().history().get(0).additionalNames()).hasToString(names);
	}

	/** Such as that of another program. */
	@Test
	void weakKeyIsReported(CapturedOutput output) throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
		generator.initialize(1024);
		KeyPair keys = generator.generateKeyPair();
		this.store.pair = CertificatePair
			.of(List.of(this.authority.issue(keys.getPublic(), TEMPLATE, START, START.plusSeconds(3600))), keys);
		start();
		pass(ofMinutes(10));
		assertLine(output, "is weak").contains("WARN",
				"[kubelet-client] The key of the certificate (RSA 1024) is weak");
	}

	@Test
	void whatTheSignerSaysOfARequestIsLoggedOnce(CapturedOutput output) {
		this.signer.holds();
		this.signer.message = "Waiting for a person";
		this.signer.conditions = List.of("Approved");
		CertificateManager manager = start();
		pass(ofMinutes(20));
		assertThat(this.signer.requests).hasSize(2);
		assertThat(output).containsOnlyOnce("is pending: Waiting for a person");
		assertThat(manager.status().pendingRequest()).isEqualTo(new ConfirmedRequest(String.valueOf(request(0).name()),
				"", START, List.of("Approved"), "Waiting for a person"));
	}

	@Test
	void overdueCertificateIsReportedWithWhatToDo(CapturedOutput output) {
		hold(ofMinutes(59));
		assertLine(output, "overdue").contains("No connection is affected yet. Request csr-", WAITS, approve());
	}

	@Test
	void expiredCertificateIsReportedWithWhatItAffectsAndWhatToDo(CapturedOutput output) {
		hold(ofMinutes(61));
		assertLine(output, "The certificate expired at")
			.contains("new TLS connections that present it fail until it is replaced. Request csr-", WAITS, approve());
	}

	@Test
	void lackOfACertificateIsReportedWithWhatItAffectsAndWhatToDo(CapturedOutput output) {
		hold(ofMinutes(67));
		assertLine(output, "no valid certificate since").contains("servers fail TLS handshakes", WAITS, approve());
	}

	private void hold(Duration duration) {
		start();
		this.signer.holds();
		pass(duration);
	}

	private String approve() {
		return "approve it with 'kubectl certificate approve " + request(1).name() + "'";
	}

	/** It needs no approval any more. */
	@Test
	void requestThatIsApprovedWaitsForItsSignature(CapturedOutput output) {
		this.signer.conditions = List.of("Approved");
		this.signer.holds();
		start();
		pass(ofMinutes(6));
		assertLine(output, "created 1s ago").contains("is waiting for its signature: see 'kubectl describe csr")
			.doesNotContain("approv");
		assertLine(output, "no valid certificate since").contains("waits for its signature: see")
			.doesNotContain("approv");
	}

	@Test
	void missingCertificateIsReportedIfRotationIsOff(CapturedOutput output) {
		start().stop();
		assertThat(output).doesNotContain("There is no stored certificate");
		this.store.pair = null;
		start(withoutSigner());
		assertLine(output, "There is no stored certificate, and rotation is off").contains("WARN");
	}

}
