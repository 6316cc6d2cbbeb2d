package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.testsupport.Adapter;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link KubernetesSigners} as a user that may create certificate signing
 * requests, list and watch them, which is all that is needed.
 */
class MissingPermissionTests {

	@AutoClose
	private final Adapter adapter = new Adapter();

	private volatile CertificateSigner signer;

	@BeforeEach
	void start() {
		this.signer = this.adapter.signer(this.adapter.controlPlane.writeKubeconfig(this.adapter.directory,
				this.adapter.controlPlane.addToken("weak", "jane")));
		this.adapter.controlPlane.allow("jane", Set.of("create", "list", "watch"), "certificatesigningrequests");
		this.adapter.controlPlane.allow("jane", Set.of("create"), "certificatesigningrequests/nodeclient");
	}

	@Test
	void requestOfAnEarlierProcessIsAnswered() {
		CertificateRequest confirmed = confirmed();
		CompletableFuture<List<X509Certificate>> answer = send(confirmed);
		await().until(() -> this.adapter.watches() == 1);
		this.adapter.controlPlane.approve(String.valueOf(confirmed.name()));
		assertThat(answer).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.figures()).isEqualTo("0 POST, 1 watch, 1 list");
	}

	@Test
	void requestWhoseCreationWasNotConfirmedIsTaken() {
		CertificateRequest request = Adapter.newRequest();
		assertThat(send(request)).succeedsWithin(Adapter.PATIENCE);
		assertThat(send(request)).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.adapter.controlPlane.certificateSigningRequests()).hasSize(1);
	}

	@Test
	void failureNamesThePermissionThatIsMissing() {
		CertificateRequest confirmed = confirmed();
		this.signer = this.adapter.signer(this.adapter.controlPlane.writeKubeconfig(this.adapter.directory,
				this.adapter.controlPlane.addToken("weaker", "joe")));
		RequestException failure = (RequestException) Adapter.failure(send(confirmed));
		assertThat(failure.kind()).isEqualTo(Kind.FORBIDDEN);
		assertThat(failure.report()).contains("Request " + confirmed.name() + " to signer " + Adapter.SIGNER,
				"lacks the permission to list certificate signing requests", "joe",
				"verbs: [\"create\", \"list\", \"watch\"]");
	}

	/** A request that an earlier process made, and that is open. */
	private CertificateRequest confirmed() {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<List<X509Certificate>> answer = send(request);
		await().until(() -> this.adapter.controlPlane.openWatches() == 1);
		answer.cancel(true);
		await().until(() -> this.adapter.executor.getActiveCount() == 0);
		this.adapter.controlPlane.clearRequests();
		return this.adapter.confirm(request);
	}

	private CompletableFuture<List<X509Certificate>> send(CertificateRequest request) {
		return this.signer.request(request, this.adapter.progress::add);
	}

}
