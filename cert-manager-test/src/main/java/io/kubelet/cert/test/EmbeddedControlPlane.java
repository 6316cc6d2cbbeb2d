package io.kubelet.cert.test;

import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.GeneratedNames;
import io.kubelet.cert.test.resource.StoredSecrets;

/**
 * A Kubernetes control plane in this process, as far as certificates go: an HTTPS server
 * on the loopback address that answers as the certificates API of release 1.34 does, with
 * its approver and its signers, and with those of {@link CertManager cert-manager}. What
 * is in it is kept in memory.
 * <p>
 * It runs from {@link #start()} until {@link #close()}, on daemon threads of its own. All
 * methods can be called by any thread; those that start, stop, {@link #pause()} and
 * {@link #resume()} wait until it is done, no other blocks.
 */
public final class EmbeddedControlPlane extends ControlPlaneAccess implements AutoCloseable {

	private final ControlPlane parts;

	private final ApprovalPolicy approval;

	private EmbeddedControlPlane(ControlPlane parts, ApprovalPolicy approval) {
		super(parts);
		this.parts = parts;
		this.approval = approval;
		parts.behavior.approval(approval);
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
	 * {@return how the approver and the signers behave; a change takes effect as it is
	 * made}
	 */
	public Behavior behavior() {
		return this.parts.behavior;
	}

	/**
	 * {@return its cert-manager, which is not installed before it has an issuer}
	 */
	public CertManager certManager() {
		return this.parts.certManager;
	}

	/**
	 * {@return its Secrets}
	 */
	public StoredSecrets secrets() {
		return this.parts.secrets;
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
		byHand(name, (requests) -> requests.decide(name, "Approved", "ApprovedByTest", "Approved by hand."));
	}

	/**
	 * Deny a request. Does nothing if it is decided about already.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void deny(String name, String reason, String message) {
		byHand(name, (requests) -> requests.decide(name, "Denied", reason, message));
	}

	/**
	 * Mark a request to cert-manager as invalid, as approvers do.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void invalidate(String name, String reason, String message) {
		byHand(name, (requests) -> requests.decide(name, "InvalidRequest", reason, message));
	}

	/**
	 * Let the signer give up on a request.
	 * @param name the request's name
	 * @param reason the reason of the condition, one word; cert-manager's is always
	 * {@code Failed}
	 * @param message the message of the condition
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void fail(String name, String reason, String message) {
		byHand(name, (requests) -> requests.decide(name, "Failed", reason, message));
	}

	/**
	 * Delete a request.
	 * @param name the request's name
	 * @throws IllegalArgumentException if there is no such request
	 */
	public void delete(String name) {
		byHand(name, (requests) -> requests.delete(name));
	}

	private void byHand(String name, Consumer<RequestController> action) {
		boolean certManager = this.parts.certificateRequests.has(name);
		try {
			action.accept(certManager ? this.parts.certificateRequests : this.parts.signingRequests);
		}
		catch (ApiFailure ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	/**
	 * {@return the names of the certificate signing requests there are}
	 */
	public List<String> certificateSigningRequests() {
		return this.parts.signingRequests.names((request) -> true);
	}

	/**
	 * {@return the names of those that are neither issued nor denied nor failed}
	 */
	public List<String> openCertificateSigningRequests() {
		return this.parts.signingRequests.pendingNames();
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

	/**
	 * Refuse connections, and cut the open ones. The port stays taken. The approver and
	 * the signers go on.
	 */
	public void pause() {
		this.parts.http.pause();
	}

	/**
	 * Listen again, on the same port. Does nothing unless paused.
	 * @throws UncheckedIOException if another process has taken the port
	 * @throws IllegalStateException if it is closed
	 */
	public void resume() {
		this.parts.resume();
	}

	/**
	 * Go back to how it was started, between tests that share it: listen again if paused,
	 * disarm all faults, behave as in the beginning, and forget what was asked. Objects,
	 * permissions, issuers and the signers added remain, and requests that are still open
	 * are decided about again.
	 * @return this
	 */
	public EmbeddedControlPlane reset() {
		resume();
		this.parts.faults.clear();
		this.parts.behavior.reset(this.approval);
		clearRequests();
		return this;
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
			return new EmbeddedControlPlane(parts, this.approval);
		}

	}

}
