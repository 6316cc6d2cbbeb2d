package io.kubelet.cert.test;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

import io.kubelet.cert.test.resource.SignerName;

import org.jspecify.annotations.Nullable;

/**
 * How the approver and the signers behave from now on. Every setting can be changed at
 * any time, by any thread, and holds for later decisions and certificates.
 */
public final class Behavior {

	static final Duration BACKDATE = Duration.ofMinutes(5);

	private final Runnable reviewAgain;

	private final Set<SignerFlaw> flaws = new CopyOnWriteArraySet<>();

	private final Set<String> signers = new CopyOnWriteArraySet<>();

	private volatile ApprovalPolicy approval = ApprovalPolicy.approving();

	private volatile Duration signingDelay = Duration.ZERO;

	private volatile @Nullable Validity validity;

	Behavior(Runnable reviewAgain) {
		this.reviewAgain = reviewAgain;
	}

	/**
	 * Decide by this policy. Requests that are still open are decided about again.
	 * @param policy the policy; {@link ApprovalPolicy#approving()} by default
	 * @return this
	 */
	public Behavior approval(ApprovalPolicy policy) {
		this.approval = policy;
		this.reviewAgain.run();
		return this;
	}

	/**
	 * Take this long to sign.
	 * @param delay from the approval, or from now where it is approved already; zero by
	 * default
	 * @return this
	 */
	public Behavior signingDelay(Duration delay) {
		this.signingDelay = delay;
		this.reviewAgain.run();
		return this;
	}

	/**
	 * Sign certificates that are valid from now on for this long, whatever was asked for,
	 * down to a second.
	 * @param lifetime from now until NotAfter
	 * @return this
	 */
	public Behavior certificateLifetime(Duration lifetime) {
		return validity(Duration.ZERO, lifetime);
	}

	/**
	 * Sign certificates with exactly these times, in whole seconds.
	 * @param notBefore NotBefore, counted from now; negative for the past
	 * @param notAfter NotAfter, counted from now; negative for one that has expired
	 * already
	 * @return this
	 */
	public Behavior validity(Duration notBefore, Duration notAfter) {
		this.validity = new Validity(notBefore, notAfter);
		return this;
	}

	/**
	 * Sign certificates that have expired a minute ago.
	 * @return this
	 */
	public Behavior alreadyExpired() {
		return validity(Duration.ofHours(-1), Duration.ofMinutes(-1));
	}

	/**
	 * Sign certificates that become valid in an hour.
	 * @return this
	 */
	public Behavior notYetValid() {
		return validity(Duration.ofHours(1), Duration.ofHours(2));
	}

	/**
	 * Sign wrongly, in these ways and no others.
	 * @param flaws the flaws; none for a signer that works
	 * @return this
	 */
	public Behavior flaws(SignerFlaw... flaws) {
		this.flaws.clear();
		this.flaws.addAll(Set.of(flaws));
		return this;
	}

	/**
	 * Also sign the approved requests to a signer that is not Kubernetes' own, as if its
	 * controller were installed. Anything that is asked for is signed. Unlike a real one,
	 * and unlike an issuer, it has no authority of its own: it signs with that of the
	 * cluster, so a test does not show whether its authority is trusted.
	 * @param signerName the signer's name, as in {@code example.com/demo}
	 * @return this
	 * @throws IllegalArgumentException if the API server accepts no such name
	 */
	public Behavior sign(String signerName) {
		if (!SignerName.isValid(signerName)) {
			throw new IllegalArgumentException("'" + signerName
					+ "' is no signer: name it as in 'example.com/serving', and an issuer of cert-manager as in "
					+ "'ClusterIssuer/internal', 'Issuer/shop/internal' or 'issuers.example.com/ExampleIssuer/internal'");
		}
		this.signers.add(signerName);
		this.reviewAgain.run();
		return this;
	}

	/**
	 * Go back to the defaults, except for the signers added.
	 * @return this
	 */
	public Behavior reset() {
		return reset(ApprovalPolicy.approving());
	}

	Behavior reset(ApprovalPolicy policy) {
		this.flaws.clear();
		this.validity = null;
		this.signingDelay = Duration.ZERO;
		return approval(policy);
	}

	ApprovalPolicy approval() {
		return this.approval;
	}

	Duration signingDelay() {
		return this.signingDelay;
	}

	@Nullable Validity validity() {
		return this.validity;
	}

	Set<SignerFlaw> currentFlaws() {
		Set<SignerFlaw> current = EnumSet.noneOf(SignerFlaw.class);
		current.addAll(this.flaws);
		return current;
	}

	Set<String> signers() {
		return this.signers;
	}

	/**
	 * Times of a certificate, counted from the time when it is signed.
	 */
	record Validity(Duration notBefore, Duration notAfter) {

	}

}
