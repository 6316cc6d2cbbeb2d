package io.kubelet.cert.testsupport;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A manager on simulated time, with all that it works with, and what it tells of itself.
 * Tests of the engine extend it.
 */
@ExtendWith(OutputCaptureExtension.class)
public class ManagerFixture {

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

	/** Who was warned of what, such as "overdue" and a serial number. */
	public final List<String> warnings = new ArrayList<>();

	/** What {@link #dynamic()} asks for. */
	public volatile @Nullable CertificateTemplate template = TEMPLATE;

	/** Every random number: 0 for the earliest deadline and the shortest waits. */
	public double random;

	/** The name of the certificate. */
	public String name = "kubelet-client";

	/** What asking for the signer throws. */
	public @Nullable RuntimeException outage;

	/** A builder with everything. */
	public CertificateManagerBuilder builder() {
		return withoutSigner().template(TEMPLATE).signers((current) -> {
			this.credentials.add(current);
			if (this.outage != null) {
				throw this.outage;
			}
			return this.signer;
		});
	}

	/** A builder with everything, for a template that may change. */
	public CertificateManagerBuilder dynamic() {
		return builder().template(() -> Optional.ofNullable(this.template));
	}

	/** A builder with everything but a template and a signer: rotation is off. */
	public CertificateManagerBuilder withoutSigner() {
		return new CertificateManagerBuilder(this.name).store(this.store)
			.scheduler(this.time)
			.executor(Runnable::run)
			.forcedInterval(Duration.ZERO)
			.clock(this.time)
			.random(() -> this.random)
			.signerName(SIGNER)
			.listener(this::note);
	}

	private void note(RotationEvent event) {
		if (event instanceof RotationEvent.Rotated rotated) {
			this.rotations.add(new Rotated(rotated.previous(), rotated.current()));
		}
		else if (event instanceof RotationEvent.Failed failed) {
			this.failures.add(failed.failure());
		}
		else if (event instanceof RotationEvent.Overdue overdue) {
			this.warnings.add("overdue " + overdue.current().serialNumber());
		}
		else if (event instanceof RotationEvent.Expired expired) {
			this.warnings.add("expired " + expired.expired().serialNumber());
		}
		else if (event instanceof RotationEvent.NotYetValid notYetValid) {
			this.warnings.add("not yet valid " + notYetValid.pair().serialNumber());
		}
		else if (event instanceof RotationEvent.Unavailable) {
			this.warnings.add("unavailable");
		}
	}

	/** Start a manager for {@link #TEMPLATE}. */
	public CertificateManager start() {
		return start(builder());
	}

	/** Make a manager, start it, and run what is due. */
	public CertificateManager start(CertificateManagerBuilder builder) {
		return start(builder.build());
	}

	/** Start a manager, and run what is due. */
	public CertificateManager start(CertificateManager manager) {
		manager.start();
		this.time.settle();
		return manager;
	}

	/** Let time pass, and run what is due in it. */
	public void pass(Duration duration) {
		this.time.pass(duration);
	}

	/** Request a rotation, and run what is due. */
	public CompletableFuture<CertificatePair> rotate(CertificateManager manager) {
		CompletableFuture<CertificatePair> rotated = manager.rotate();
		this.time.settle();
		return rotated;
	}

	/** What was asked for, from 0 on. */
	public CertificateRequest request(int index) {
		return this.signer.requests.get(index);
	}

	/** What was asked for last. */
	public CertificateRequest lastRequest() {
		return request(this.signer.requests.size() - 1);
	}

	/** Issue what was asked for, and run what is due. */
	public void answer(int index) {
		this.signer.answers.get(index).complete(this.signer.issue(request(index)));
		this.time.settle();
	}

	/** A listener that is called with each new pair. */
	public static RotationListener onRotation(Consumer<CertificatePair> action) {
		return (event) -> {
			if (event instanceof RotationEvent.Rotated rotated) {
				action.accept(rotated.current());
			}
		};
	}

	/** The only line of the log with a text. */
	public static AbstractStringAssert<?> assertLine(CapturedOutput output, String text) {
		return assertThat(output.getOut().lines().filter((line) -> line.contains(text)))
			.singleElement(InstanceOfAssertFactories.STRING);
	}

	/** A pair that says what {@link #TEMPLATE} asks for, valid around the present. */
	public CertificatePair pair(Duration since, Duration until) {
		return this.authority.pair(TEMPLATE, this.time.instant().minus(since), this.time.instant().plus(until));
	}

	/** Put a pair into the store that is far from its deadline. */
	public CertificatePair storePair() {
		return storePair(Duration.ofHours(1), Duration.ofHours(99));
	}

	/** Put a pair into the store that is valid around the present. */
	public CertificatePair storePair(Duration since, Duration until) {
		CertificatePair pair = pair(since, until);
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
