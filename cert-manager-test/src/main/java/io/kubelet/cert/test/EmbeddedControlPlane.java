package io.kubelet.cert.test;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.GeneratedNames;
import io.kubelet.cert.test.resource.CertificateSigningRequests;

/**
 * A Kubernetes control plane in this process, as far as certificates go: an HTTPS server
 * on the loopback address that answers as the certificates API of release 1.34 does, with
 * its approver and its signers. What is in it is kept in memory.
 * <p>
 * It runs from {@link #start()} until {@link #close()}, on daemon threads of its own. All
 * methods can be called by any thread; those that start, stop, {@link #pause()} and
 * {@link #resume()} wait until it is done, no other blocks.
 */
public final class EmbeddedControlPlane implements AutoCloseable {

	private final ControlPlane parts;

	private EmbeddedControlPlane(ControlPlane parts) {
		this.parts = parts;
	}

	/**
	 * Start a control plane on a free port that approves and signs what is asked of
	 * Kubernetes' own signers.
	 * @return the control plane, serving
	 */
	public static EmbeddedControlPlane start() {
		return builder().start();
	}

	/**
	 * {@return a builder, for a control plane that is not as the default}
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * {@return where it listens, paused or not, as in {@code https://127.0.0.1:43210}}
	 */
	public String url() {
		return "https://127.0.0.1:" + this.parts.http.port();
	}

	/**
	 * {@return the authority that signs the server's certificate and all others, as PEM}
	 */
	public String caPem() {
		return this.parts.caPem();
	}

	/**
	 * {@return the token of an administrator, who may do everything}
	 */
	public Credential admin() {
		return this.parts.admin;
	}

	/**
	 * The bootstrap token {@code abcdef.0123456789abcdef}, which may create, get, list
	 * and watch certificate signing requests, and whose requests for kubelet client
	 * certificates are approved.
	 * @return a token of group {@code system:bootstrappers}
	 */
	public Credential bootstrap() {
		return ControlPlane.BOOTSTRAP;
	}

	/**
	 * Let a bearer token be known. Its user may ask who it is and nothing more, until
	 * something is {@link #allow(String, Set, String, String...) allowed}.
	 * @param token the token
	 * @param user the user it stands for
	 * @param groups the user's groups; {@code system:authenticated} is added
	 * @return the credential
	 */
	public Credential addToken(String token, String user, String... groups) {
		this.parts.identities.addToken(token, user, List.of(groups));
		return Credential.token(Kubeconfig.fileName(user), token);
	}

	/**
	 * Let a bearer token be unknown from now on.
	 * @param token the token
	 */
	public void removeToken(String token) {
		this.parts.identities.removeToken(token);
	}

	/**
	 * Permit something, in addition to what is permitted already.
	 * @param subject a user or a group
	 * @param verbs what may be done, as in {@code create} or {@code approve}; {@code *}
	 * for everything
	 * @param resource what with, as in {@code certificatesigningrequests/approval} or
	 * {@code signers}; {@code *} for everything
	 * @param names the names of the objects, as in {@code example.com/demo} for a signer;
	 * none for all
	 */
	public void allow(String subject, Set<String> verbs, String resource, String... names) {
		this.parts.authorizer.allow(subject, verbs, resource, Set.of(names));
	}

	/**
	 * Issue a client certificate, valid from five minutes ago for a year, without a
	 * request.
	 * @param commonName the user name
	 * @param organizations the groups
	 * @return the certificate, with a new P-256 key
	 */
	public ClientCertificate issueClientCertificate(String commonName, String... organizations) {
		Instant now = this.parts.clock.instant();
		return issueClientCertificate(now.minus(Behavior.BACKDATE), now.plus(Duration.ofDays(365)), commonName,
				organizations);
	}

	/**
	 * Issue a client certificate without a request.
	 * @param notBefore since when it is valid
	 * @param notAfter until when it is valid; may be past
	 * @param commonName the user name
	 * @param organizations the groups
	 * @return the certificate, with a new P-256 key
	 */
	public ClientCertificate issueClientCertificate(Instant notBefore, Instant notAfter, String commonName,
			String... organizations) {
		return this.parts.clientCertificate(notBefore, notAfter, commonName, List.of(organizations));
	}

	/**
	 * A kubeconfig that needs no other file.
	 * @param credential who the client is
	 * @return the content, YAML
	 */
	public String kubeconfig(Credential credential) {
		return Kubeconfig.of(url(), caPem(), credential);
	}

	/**
	 * Write a kubeconfig for the {@link #bootstrap() bootstrap token}.
	 * @param directory where to, made if there is none
	 * @return the file
	 * @throws UncheckedIOException if it cannot be written
	 */
	public Path writeKubeconfig(Path directory) {
		return writeKubeconfig(directory, bootstrap());
	}

	/**
	 * Write a kubeconfig.
	 * @param directory where to, made if there is none
	 * @param credential who the client is
	 * @return the file, named after the credential
	 * @throws UncheckedIOException if it cannot be written
	 */
	public Path writeKubeconfig(Path directory, Credential credential) {
		return Kubeconfig.write(directory, credential, kubeconfig(credential));
	}

	/**
	 * {@return how the approver and the signers behave; a change takes effect as it is
	 * made}
	 */
	public Behavior behavior() {
		return this.parts.behavior;
	}

	/**
	 * {@return what makes requests go wrong}
	 */
	public Faults faults() {
		return this.parts.faults;
	}

	/**
	 * Approve a request. Does nothing if it is decided about already.
	 * @param name the request's name
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void approve(String name) {
		byHand((controllers) -> controllers.decide(name, "Approved", "ApprovedByTest", "Approved by hand."));
	}

	/**
	 * Deny a request. Does nothing if it is decided about already.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void deny(String name, String reason, String message) {
		byHand((controllers) -> controllers.decide(name, "Denied", reason, message));
	}

	/**
	 * Let the signer give up on a request.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void fail(String name, String reason, String message) {
		byHand((controllers) -> controllers.decide(name, "Failed", reason, message));
	}

	/**
	 * Delete a request.
	 * @param name the request's name
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void delete(String name) {
		byHand((controllers) -> controllers.delete(name));
	}

	private void byHand(Consumer<Controllers> action) {
		try {
			action.accept(this.parts.controllers);
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * {@return the names of the certificate signing requests there are}
	 */
	public List<String> certificateSigningRequests() {
		return this.parts.controllers.names((request) -> true);
	}

	/**
	 * {@return the names of those that are neither issued nor denied nor failed}
	 */
	public List<String> openCertificateSigningRequests() {
		return this.parts.controllers.names(CertificateSigningRequests::isOpen);
	}

	/**
	 * The newest ten thousand requests, oldest first, listed before they are answered.
	 * @return the requests
	 */
	public List<RecordedRequest> requests() {
		return this.parts.requests.matching((request) -> true);
	}

	/**
	 * How many requests of a kind were made.
	 * @param matching the kind, as in {@code RecordedRequest::isCreate}
	 * @return the count
	 */
	public int count(Predicate<RecordedRequest> matching) {
		return this.parts.requests.matching(matching).size();
	}

	/** Forget what was asked. */
	public void clearRequests() {
		this.parts.requests.clear();
	}

	/**
	 * {@return how many watches are open; one that its client left counts until it is
	 * written to}
	 */
	public int openWatches() {
		return this.parts.watches.size();
	}

	/**
	 * {@return how many TLS connections were accepted, failed handshakes included}
	 */
	public int connections() {
		return this.parts.http.connections();
	}

	/** Forget the history: a watch from an earlier resource version ends in a 410. */
	public void compactHistory() {
		this.parts.store.compact();
	}

	/** Refuse connections and cut the open ones. The approver and the signers go on. */
	public void pause() {
		this.parts.http.stop();
	}

	/**
	 * Listen again, on the same port. Does nothing unless paused.
	 * @throws UncheckedIOException if another process has taken the port
	 */
	public void resume() {
		this.parts.http.start();
	}

	/** End it, with all open connections. Does nothing the second time. */
	@Override
	public void close() {
		this.parts.close();
	}

	/** Says how an {@link EmbeddedControlPlane} shall be before it starts. */
	public static final class Builder {

		private Clock clock = Clock.systemUTC();

		private ApprovalPolicy approval = ApprovalPolicy.approving();

		private Set<String> trustBundleVersions = Set.of("v1", "v1beta1");

		private int port;

		private Supplier<String> nameSuffixes = () -> GeneratedNames.suffix(5);

		private Builder() {
		}

		/**
		 * Listen on this port.
		 * @param port the port; 0, the default, for a free one
		 * @return this
		 */
		public Builder port(int port) {
			this.port = port;
			return this;
		}

		/**
		 * Take the time from this clock: for what is issued, for whether client
		 * certificates are valid, and for timestamps. Delays and timeouts are in real
		 * time.
		 * @param clock the clock; the system's by default
		 * @return this
		 */
		public Builder clock(Clock clock) {
			this.clock = clock;
			return this;
		}

		/**
		 * Decide about requests by this policy; it can be changed later, by
		 * {@link Behavior#approval(ApprovalPolicy)}.
		 * @param policy the policy; {@link ApprovalPolicy#approving()} by default
		 * @return this
		 */
		public Builder approval(ApprovalPolicy policy) {
			this.approval = policy;
			return this;
		}

		/**
		 * Serve ClusterTrustBundles in these versions of {@code certificates.k8s.io}, as
		 * in {@code v1beta1} for the releases before 1.37.
		 * @param versions the versions; {@code v1} and {@code v1beta1} by default, none
		 * for a cluster that does not have this API
		 * @return this
		 */
		public Builder trustBundles(String... versions) {
			this.trustBundleVersions = Set.of(versions);
			return this;
		}

		/** Where the random part of generated names comes from. */
		Builder nameSuffixes(Supplier<String> suffixes) {
			this.nameSuffixes = suffixes;
			return this;
		}

		/**
		 * Start it.
		 * @return the control plane, serving
		 * @throws UncheckedIOException if the port is taken
		 */
		public EmbeddedControlPlane start() {
			ControlPlane parts = new ControlPlane(this.port, this.clock, this.trustBundleVersions, this.nameSuffixes);
			parts.behavior.approval(this.approval);
			return new EmbeddedControlPlane(parts);
		}

	}

}
