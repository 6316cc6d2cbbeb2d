package io.kubelet.cert.test;

import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.Set;
import java.util.function.Supplier;

import io.kubelet.cert.test.api.GeneratedNames;

/**
 * Says how an {@link EmbeddedControlPlane} shall be before it starts.
 */
public final class EmbeddedControlPlaneBuilder {

	Clock clock = Clock.systemUTC();

	ApprovalPolicy approval = ApprovalPolicy.approving();

	Set<String> trustBundleVersions = Set.of("v1", "v1beta1");

	int port;

	/** Where the random part of generated names comes from. */
	Supplier<String> nameSuffixes = () -> GeneratedNames.suffix(5);

	EmbeddedControlPlaneBuilder() {
	}

	/**
	 * Listen on this port.
	 * @param port the port; 0, the default, for a free one
	 * @return this
	 */
	public EmbeddedControlPlaneBuilder port(int port) {
		this.port = port;
		return this;
	}

	/**
	 * Take the time from this clock: for what is issued, for whether client certificates
	 * are valid, and for timestamps. Delays and timeouts are in real time.
	 * @param clock the clock; the system's by default
	 * @return this
	 */
	public EmbeddedControlPlaneBuilder clock(Clock clock) {
		this.clock = clock;
		return this;
	}

	/**
	 * Decide about requests by this policy; it can be changed later, by
	 * {@link Behavior#approval(ApprovalPolicy)}.
	 * @param policy the policy; {@link ApprovalPolicy#approving()} by default
	 * @return this
	 */
	public EmbeddedControlPlaneBuilder approval(ApprovalPolicy policy) {
		this.approval = policy;
		return this;
	}

	/**
	 * Serve ClusterTrustBundles in these versions of {@code certificates.k8s.io}, as in
	 * {@code v1beta1} for the releases before 1.37.
	 * @param versions the versions; {@code v1} and {@code v1beta1} by default, none for a
	 * cluster that does not have this API
	 * @return this
	 */
	public EmbeddedControlPlaneBuilder trustBundles(String... versions) {
		this.trustBundleVersions = Set.of(versions);
		return this;
	}

	EmbeddedControlPlaneBuilder nameSuffixes(Supplier<String> suffixes) {
		this.nameSuffixes = suffixes;
		return this;
	}

	/**
	 * Start it.
	 * @return the control plane, serving
	 * @throws UncheckedIOException if the port is taken
	 */
	public EmbeddedControlPlane start() {
		return new EmbeddedControlPlane(new ControlPlane(this));
	}

}
