package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link KubernetesSigners}: each rotation begins with what the kubeconfig says
 * then, credentials and authorities.
 *
 * @see ApiClientProvider
 * @see io.kubelet.cert.kubernetes.internal.AccessFiles
 */
class FreshAccessTests {

	private static final Duration LATER = Duration.ofSeconds(61);

	@TempDir
	Path directory;

	private final SimulatedTime time = new SimulatedTime(Instant.now());

	private EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private KubernetesSigners signers;

	@BeforeEach
	void create() throws IOException {
		Path plugIn = Files.writeString(this.directory.resolve("plug-in"), """
				#!/bin/sh
				echo asked >>%1$s/asked
				printf '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",'
				printf '"status": %%s}' "$(cat %1$s/status)"
				""".formatted(this.directory));
		assertThat(plugIn.toFile().setExecutable(true)).isTrue();
		Files.writeString(this.directory.resolve("kubeconfig"), """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "%s", certificate-authority: ca.pem}}]
				users:
				- name: u
				  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: "%s", interactiveMode: Never}}
				contexts: [{name: x, context: {cluster: c, user: u}}]
				current-context: x
				""".formatted(this.controlPlane.url(), plugIn));
		Files.writeString(this.directory.resolve("ca.pem"), this.controlPlane.caPem());
		present("first");
		this.signers = KubernetesSigners
			.ofKubernetes(new ApiClientProvider(new KubeconfigSource(this.directory.resolve("kubeconfig"), null), null,
					null, Adapter::daemon, Adapter.NOT_FOLLOWED, this.time), this.time);
	}

	@AfterEach
	void close() {
		this.signers.close();
		this.controlPlane.close();
	}

	@Test
	void tokenOfAPlugInIsAskedForAtEachRotation() throws Exception {
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		assertThat(asked()).as("in one minute").isOne();
		this.controlPlane.removeToken("first");
		present("second");
		this.time.pass(LATER);
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.controlPlane.requests()).extracting(RecordedRequest::status).doesNotContain(401);
		assertThat(asked()).isEqualTo(2);
	}

	@Test
	void whoBeginsWhileOthersWaitSharesTheirClient() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		var first = request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		this.time.pass(LATER);
		var second = request();
		await().until(() -> this.controlPlane.count(RecordedRequest::isCreate) == 2);
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(CompletableFuture.allOf(first, second)).succeedsWithin(Adapter.PATIENCE);
		assertThat(asked()).isOne();
	}

	/** Waiting helps: the next attempt finds the request with another token. */
	@Test
	void requestThatOutlivesItsTokenIsNotFailedByIt() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<?> waiting = request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		this.controlPlane.removeToken("first");
		present("second");
		this.controlPlane.faults().endWatches();
		assertThat(waiting).failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.havingCause()
			.withMessageContaining("does not accept the credentials any more (401 Unauthorized)")
			.returns(Kind.TIMED_OUT, Kind::of);
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		assertThat(asked()).isEqualTo(2);
	}

	@Test
	void tokenThatHasExpiredIsReplacedWhileOthersWait() throws Exception {
		print("first", ", \"expirationTimestamp\": \"%s\"".formatted(this.time.instant().plus(LATER)));
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<?> first = request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		this.controlPlane.removeToken("first");
		present("second");
		this.time.pass(LATER.plusSeconds(1));
		CompletableFuture<?> second = request();
		await().until(() -> this.controlPlane.openWatches() == 2);
		this.controlPlane.behavior().approval(ApprovalPolicy.approving());
		assertThat(CompletableFuture.allOf(first, second)).succeedsWithin(Adapter.PATIENCE);
		assertThat(this.controlPlane.requests()).extracting(RecordedRequest::status).doesNotContain(401);
		assertThat(asked()).isEqualTo(2);
	}

	/** Go writes it for no time, and the clock of this machine may be ahead. */
	@Test
	void timeThatIsOverSaysNothingOfAToken() throws Exception {
		print("first", ", \"expirationTimestamp\": \"0001-01-01T00:00:00Z\"");
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		assertThat(asked()).isOne();
	}

	@Test
	void newAuthorityIsTrustedWhileARequestWaits() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<?> waiting = request();
		await().until(() -> this.controlPlane.openWatches() == 1);
		restartWithAnotherAuthority();
		Files.writeString(this.directory.resolve("ca.pem"), this.controlPlane.caPem());
		assertThat(waiting).as("the other cluster does not have it")
			.failsWithin(Adapter.PATIENCE)
			.withThrowableThat()
			.havingCause()
			.returns(Kind.LOST, Kind::of);
	}

	/** Whoever answers at the old place now is not trusted. */
	@Test
	void clusterThatMovedIsFoundAtTheNextRotation() throws Exception {
		assertThat(request()).succeedsWithin(Adapter.PATIENCE);
		String before = this.controlPlane.url();
		restartWithAnotherAuthority();
		try (EmbeddedControlPlane moved = EmbeddedControlPlane.start()) {
			moved.addToken("first", "system:node:one", "system:bootstrappers");
			Path kubeconfig = this.directory.resolve("kubeconfig");
			Files.writeString(this.directory.resolve("ca.pem"), moved.caPem());
			Files.writeString(kubeconfig, Files.readString(kubeconfig).replace(before, moved.url()));
			assertThat(request()).failsWithin(Adapter.PATIENCE)
				.withThrowableThat()
				.havingCause()
				.returns(Kind.UNTRUSTED, Kind::of);
			this.time.pass(LATER);
			assertThat(request()).succeedsWithin(Adapter.PATIENCE);
			assertThat(moved.count(RecordedRequest::isCreate)).isOne();
		}
	}

	/** At the same place. */
	private void restartWithAnotherAuthority() throws IOException {
		int port = URI.create(this.controlPlane.url()).getPort();
		this.controlPlane.close();
		this.controlPlane = EmbeddedControlPlane.builder().port(port).start();
		present("first");
	}

	private void present(String token) throws IOException {
		this.controlPlane.addToken(token, "system:node:one", "system:bootstrappers");
		print(token, "");
	}

	private void print(String token, String others) throws IOException {
		Files.writeString(this.directory.resolve("status"), "{\"token\": \"%s\"%s}".formatted(token, others));
	}

	private int asked() throws IOException {
		return Files.readAllLines(this.directory.resolve("asked")).size();
	}

	private CompletableFuture<List<X509Certificate>> request() {
		return this.signers.signer(null).request(Adapter.newRequest(), (submitted) -> {
		});
	}

}
