package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for {@link ApiFailures} and {@link RbacAdvice}: what each answer means, and what
 * is said about it.
 *
 * @see ApiFailures
 * @see RbacAdvice
 */
class ApiFailuresTests {

	private static final CertificateRequest REQUEST = Adapter.newRequest("csr-one", "system:node:one",
			KeyPairSource.jdk().generate(KeySpecification.EC_P256));

	private static final CertificateRequest ISSUED = CertificateRequests.create("shop-1",
			CertificateTemplate.ofSubject("shop"), Signer.of("Issuer/internal"), List.of(), null,
			KeyPairSource.jdk().generate(KeySpecification.EC_P256));

	private static final String STATUS = """
			{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "%s", "message": "%s", "code": %d}""";

	private final ApiFailures failures = new ApiFailures("https://cluster.example");

	@ParameterizedTest
	@MethodSource
	void serverWhoseCertificateIsNotTrustedIsNotSaidToBeOutOfReach(Exception cause, String reason, String check) {
		IOException untrusted = new SSLHandshakeException("PKIX path building failed");
		untrusted.initCause(cause);
		assertThat(this.failures.translate(new ApiException(untrusted), null)).returns(Kind.UNTRUSTED, Kind::of)
			.returns("Untrusted", RequestException::reason)
			.hasMessage("The certificate of the API server at https://cluster.example is not trusted: " + reason
					+ ". Check " + check);
	}

	static Stream<Arguments> serverWhoseCertificateIsNotTrustedIsNotSaidToBeOutOfReach() {
		String clock = "the clock of this machine, and the certificate of the API server";
		return Stream.of(
				arguments(new CertificateException("a stranger"), "a stranger",
						"the certificate authorities of the cluster"),
				arguments(new CertificateExpiredException("NotAfter: now"), "it has expired, NotAfter: now", clock),
				arguments(new CertificateNotYetValidException("NotBefore: now"), "it is not valid yet, NotBefore: now",
						clock));
	}

	/** The client library names the address again, and Java its exceptions. */
	@Test
	void reasonWhyAServerIsOutOfReachIsInTheWordsOfAnOperator() {
		ConnectException refused = new ConnectException("Failed to connect to /10.0.0.1:443");
		refused.initCause(new ConnectException("Connection refused"));
		assertThat(Stream
			.of(refused, new UnknownHostException("cluster.example"), new SocketTimeoutException("timeout"),
					new SSLPeerUnverifiedException("Hostname a not verified:\n    certificate: b"),
					new SSLHandshakeException(null))
			.map((cause) -> this.failures.translate(new ApiException(cause), null).getMessage()))
			.containsExactly(unreachable("Connection refused"), unreachable("unknown host cluster.example"),
					unreachable("timeout"), unreachable("Hostname a not verified: certificate: b"),
					unreachable("javax.net.ssl.SSLHandshakeException"));
	}

	private static String unreachable(String reason) {
		return "The API server at https://cluster.example cannot be reached: " + reason;
	}

	@ParameterizedTest
	@ValueSource(ints = { 403, 422, 503 })
	void textOfAServerIsOneShortLine(int code) {
		RequestException failure = translate(code,
				STATUS.formatted("Bad\\nline", "first\\u001b[2K\\nsecond" + " x".repeat(1000), code), Map.of());
		assertThat(failure.reason()).isEqualTo("Bad line");
		assertThat(failure.getMessage()).contains("first [2K second x x").hasSizeLessThan(1000).hasLineCount(1);
	}

	@ParameterizedTest
	@CsvSource({ "7, 7", "0, 0", "soon|7, 7", "7|8, 7", "soon,", "-1,", "'',", "99999999999,",
			"'Wed, 31 Dec 2025 23:59:00 GMT'," })
	void firstRetryAfterInSecondsCounts(String headers, @Nullable Long seconds) {
		RequestException failure = translate(429, STATUS.formatted("TooManyRequests", "slow down", 429),
				Map.of("retry-after", List.of(headers.split("\\|", -1))));
		assertThat(failure.retryAfter()).isEqualTo((seconds != null) ? Duration.ofSeconds(seconds) : null);
	}

	/** An API server that limits its load answers with a line of text. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			429 | 3600 | answers 429 (too many requests) and asks to wait for 1h
			429 |      | answers 429 (too many requests)
			503 | 30   | answers 503 and asks to wait for 30s
			500 |      | answers 500
			""")
	void pauseThatAServerAsksForIsReported(int code, @Nullable String seconds, String message) {
		Map<String, List<String>> headers = (seconds != null) ? Map.of("retry-after", List.of(seconds)) : Map.of();
		assertThat(translate(code, "Too many requests, please try again later.\n", headers).getMessage())
			.endsWith(message);
	}

	@ParameterizedTest
	@CsvSource({ "400, REJECTED, (400): why", "401, UNAUTHORIZED, does not accept the credentials",
			"403, FORBIDDEN, why", "422, REJECTED, (422): why", "429, UNAVAILABLE, answers 429 (why)",
			"500, UNAVAILABLE, answers 500 (why)", "503, UNAVAILABLE, answers 503 (why)" })
	void statusIsReportedWithTheServersWords(int code, Kind kind, String message) {
		RequestException failure = translate(code, STATUS.formatted("Reason", "why", code), Map.of());
		assertThat(failure).returns(kind, Kind::of).hasMessageContainingAll("Request csr-one to ", message);
		assertThat(failure.reason()).isEqualTo("Reason");
	}

	@ParameterizedTest
	@ValueSource(ints = { 400, 403, 404, 407, 409 })
	void answerThatIsNoStatusIsNotFromAnApiServer(int code) {
		RequestException failure = translate(code, "<html>a page</html>", Map.of());
		assertThat(failure).returns(Kind.UNAVAILABLE, Kind::of).hasMessageContaining("A proxy may have answered");
		assertThat(failure.reason()).isEqualTo("UnexpectedResponse");
	}

	/** In the words of the API server: a quota says nothing of permissions. */
	@ParameterizedTest
	@ValueSource(strings = { "exceeded quota: few, requested: count/certificaterequests.cert-manager.io=1, "
			+ "used: count/certificaterequests.cert-manager.io=5, limited: count/certificaterequests.cert-manager.io=5",
			"status unknown for quota: few, resources: count/certificaterequests.cert-manager.io" })
	void quotaThatIsExceededIsTransient(String why) {
		String message = "certificaterequests.cert-manager.io 'shop-1' is forbidden: " + why;
		RequestException failure = translate(403, STATUS.formatted("Forbidden", message, 403), Map.of(), ISSUED);
		assertThat(failure).returns(Kind.OVER_QUOTA, Kind::of)
			.returns("QuotaExceeded", RequestException::reason)
			.returns(true, RequestException::serverHealthy)
			.hasMessage("Request shop-1 to issuer Issuer/internal: " + message);
		assertThat(Kind.of(failure).recovery()).isEqualTo(Recovery.RETRY_SOON);
		assertThat(failure.report()).isEqualTo(failure.getMessage());
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			403 | certificaterequests.cert-manager.io 'shop-1' is forbidden: not at this hour
			403 | admission webhook 'policy' denied the request: not at this hour
			404 | namespaces 'shop' not found
			""")
	void refusalThatIsNotAboutPermissionsAdvisesNeitherThemNorAnInstallation(int code, String message) {
		RequestException failure = translate(code, STATUS.formatted("Reason", message, code), Map.of(), ISSUED);
		assertThat(failure.report()).contains(message).doesNotContain("install", "permission");
	}

	/** A router that does not know a path says the same. */
	@ParameterizedTest
	@CsvSource({ "true, REJECTED, cert-manager is not installed", "false, UNAVAILABLE, A proxy may have answered" })
	void textForAPathThatIsNotKnownMeansThatCertManagerIsNotInstalled(boolean issuer, Kind kind, String message) {
		assertThat(translate(404, "404 page not found\n", Map.of(), issuer ? ISSUED : REQUEST)).returns(kind, Kind::of)
			.hasMessageContaining(message);
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 401, 403, 404, 422, 429, 503 })
	void everyFailureNamesTheRequestAndItsSignerAndHasNoCauseThatQuotesTheAnswer(int code) {
		for (String body : List.of(STATUS.formatted("Reason", "message", code), "<html>s3cr3t page</html>")) {
			assertThat(translate(code, body, Map.of("set-cookie", List.of("s3cr3t"))))
				.hasMessageStartingWith("Request csr-one to signer " + Adapter.SIGNER + ": ")
				.hasMessageNotContaining("s3cr3t")
				.hasNoCause();
		}
		assertThat(this.failures.translate(new ApiException(new IOException("reset")), REQUEST))
			.hasMessageStartingWith("Request csr-one to signer " + Adapter.SIGNER + ": ");
	}

	@Test
	void adviceIsCommandsThatNameTheUser() {
		assertThat(RbacAdvice.on(forbidden("system:node:one"))).isEqualTo("""

				The user lacks the permission to create certificatesigningrequests. To grant it, an administrator runs:
				kubectl create clusterrole kubelet-cert-certificatesigningrequests --verb=create,list,watch \
				--resource=certificatesigningrequests.certificates.k8s.io
				kubectl create clusterrolebinding 'kubelet-cert-certificatesigningrequests:system:node:one' \
				--clusterrole=kubelet-cert-certificatesigningrequests --user='system:node:one'""");
		assertThat(RbacAdvice.on("""
				configmaps "trust" is forbidden: User "Jane" cannot list resource "configmaps" in API group "" \
				in the namespace "shop\"""")).endsWith(
				"""
						kubectl create role kubelet-cert-configmaps-trust --namespace shop --verb=list,watch --resource=configmaps \
						--resource-name=trust
						kubectl create rolebinding 'kubelet-cert-configmaps-trust:Jane' --namespace shop --role=kubelet-cert-configmaps-trust --user='Jane'""");
	}

	@Test
	void refusalWithoutAUserOrAPermissionIsAnsweredWithNoRule() {
		assertThat(RbacAdvice.on(forbidden("system:anonymous"))).contains("No credentials were sent")
			.doesNotContain("kubectl");
		assertThat(RbacAdvice
			.on("use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"))
			.isEmpty();
		assertThat(RbacAdvice.on(forbidden("x'; reboot; '"))).as("in a shell").isEmpty();
	}

	@Test
	void missingPermissionIsAnsweredWithTheRuleThatGrantsIt() {
		try (Adapter adapter = new Adapter()) {
			Path kubeconfig = adapter.controlPlane.writeKubeconfig(adapter.directory,
					adapter.controlPlane.addToken("weak", "jane"));
			RequestException failure = send(adapter, kubeconfig);
			assertThat(failure).returns(Kind.FORBIDDEN, Kind::of);
			assertThat(failure.report()).contains("lacks the permission to create");
			assertThat(adapter.controlPlane.count(RecordedRequest::isCreate)).isOne();
			assertThat(failure.report()).contains("--verb=create,list,watch ");
			adapter.controlPlane.allow("jane", Set.of("create", "list", "watch"), "certificatesigningrequests");
			adapter.controlPlane.allow("jane", Set.of("create"), "certificatesigningrequests/nodeclient");
			assertThat(request(adapter, kubeconfig)).succeedsWithin(Adapter.PATIENCE);
		}
	}

	private static RequestException send(Adapter adapter, Path kubeconfig) {
		return (RequestException) Adapter.failure(request(adapter, kubeconfig));
	}

	private static CompletableFuture<?> request(Adapter adapter, Path kubeconfig) {
		return adapter.signer(kubeconfig).request(Adapter.newRequest(), (submitted) -> {
		});
	}

	private RequestException translate(int code, String body, Map<String, List<String>> headers) {
		return translate(code, body, headers, REQUEST);
	}

	private RequestException translate(int code, String body, Map<String, List<String>> headers,
			CertificateRequest request) {
		return this.failures.translate(new ApiException("Failed", code, headers, body), request);
	}

	private static String forbidden(String user) {
		return "certificatesigningrequests.certificates.k8s.io is forbidden: User \"" + user
				+ "\" cannot create resource \"certificatesigningrequests\" in API group \"certificates.k8s.io\" at "
				+ "the cluster scope";
	}

}
