package io.kubelet.cert.testsupport;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationListener;
import org.jspecify.annotations.Nullable;

/**
 * A manager on simulated time, with all that it works with, and what it tells of itself.
 */
public final class ManagerFixture {

	/** What is asked for unless a test says otherwise. */
	public static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("system:node:n1", "system:nodes");

	/** When it begins. */
	public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

	/** Who is asked. */
	public static final String SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";

	public final SimulatedTime time = new SimulatedTime(START);

	public final TestAuthority authority = new TestAuthority("authority");

	public final FakeSigner signer = new FakeSigner(this.authority, this.time);

	public final MemoryStore store = new MemoryStore();

	public final List<CertificateStatus.Failure> failures = new ArrayList<>();

	/** The pairs before and after each rotation. */
	public final List<Rotated> rotations = new ArrayList<>();

	/** The pairs that were handed over when the signer was asked for. */
	public final List<@Nullable CertificatePair> credentials = new ArrayList<>();

	/** Every random number: 0 for the earliest deadline and the shortest waits. */
	public double random;

	/** A builder with everything but a template. */
	public CertificateManagerBuilder builder() {
		return withoutSigner().signers((current) -> {
			this.credentials.add(current);
			return this.signer;
		});
	}

	/** A builder with everything but a template and a signer: rotation is off. */
	public CertificateManagerBuilder withoutSigner() {
		return new CertificateManagerBuilder("kubelet-client").store(this.store)
			.scheduler(this.time)
			.executor(Runnable::run)
			.forcedInterval(Duration.ZERO)
			.clock(this.time)
			.random(() -> this.random)
			.signerName(SIGNER)
			.listener(new RotationListener() {

				@Override
				public void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
					ManagerFixture.this.rotations.add(new Rotated(previous, current));
				}

				@Override
				public void failed(String name, CertificateStatus.Failure failure) {
					ManagerFixture.this.failures.add(failure);
				}

			});
	}

	/** Start a manager for {@link #TEMPLATE}. */
	public CertificateManager start() {
		return start(builder().template(TEMPLATE));
	}

	/** Make a manager, start it, and run what is due. */
	public CertificateManager start(CertificateManagerBuilder builder) {
		CertificateManager manager = builder.build();
		manager.start();
		this.time.settle();
		return manager;
	}

	/** A pair that says what {@link #TEMPLATE} asks for, valid around the present. */
	public CertificatePair pair(Duration since, Duration until) {
		return this.authority.pair(TEMPLATE, this.time.instant().minus(since), this.time.instant().plus(until));
	}

	/** Put a pair into the store that is far from its deadline. */
	public CertificatePair storePair() {
		CertificatePair pair = pair(Duration.ofHours(1), Duration.ofHours(99));
		this.store.pair = pair;
		return pair;
	}

	/** How long it was from each failure to the next attempt. */
	public List<Duration> waits() {
		return this.failures.stream().map((failure) -> Duration.between(failure.at(), failure.nextAttempt())).toList();
	}

	/**
	 * @param previous the pair before, {@code null} if there was none
	 * @param current the pair after
	 */
	public record Rotated(@Nullable CertificatePair previous, CertificatePair current) {

	}

}
