package io.kubelet.cert.simulation;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.simulation.SigningObject.State;
import io.kubelet.cert.testsupport.TestAuthority;

/**
 * Approves and signs, or not.
 */
final class Approver {

	static final Duration SLOW = Duration.ofMinutes(10);

	private static final Duration VERY_SLOW = Duration.ofMinutes(40);

	private static final Duration BACKDATED = Duration.ofMinutes(5);

	private static final TestAuthority authority = new TestAuthority("simulation", new KeyPool().next());

	private static final PublicKey foreignKey = new KeyPool().next().getPublic();

	private final World world;

	private final Duration lifetime;

	private final Consumer<SigningObject> decided;

	private Mood mood = Mood.WELL;

	private int mistakes;

	Approver(World world, Duration lifetime, Consumer<SigningObject> decided) {
		this.world = world;
		this.lifetime = lifetime;
		this.decided = decided;
	}

	Mood mood() {
		return this.mood;
	}

	void become(Mood mood, Collection<SigningObject> open) {
		this.mood = mood;
		open.forEach(this::consider);
	}

	/** Decide after the time that it takes now. */
	void consider(SigningObject object) {
		int plan = ++object.plan;
		Duration delay = switch (this.mood) {
			case SLOW -> SLOW;
			case VERY_SLOW -> VERY_SLOW;
			default -> Duration.ofSeconds(1);
		};
		if (this.mood != Mood.AWAY) {
			this.world.time().schedule(() -> {
				if (object.isOpen() && object.plan == plan) {
					decide(object);
				}
			}, delay);
		}
	}

	private void decide(SigningObject object) {
		switch (this.mood) {
			case DENIES -> refuse(object, RequestException.denied(object.name(), "example.com/signer", "Policy", "no"));
			case FAILS -> refuse(object,
					RequestException.failed(object.name(), "example.com/signer", "SignerValidationFailure", "no"));
			case WRONG -> {
				object.owner.answeredAgainst();
				issue(object, wrong(object.request));
			}
			default -> issue(object, certificate(object.request.publicKey(), object.request.template()));
		}
	}

	private void refuse(SigningObject object, RuntimeException refusal) {
		object.owner.answeredAgainst();
		object.refusal = refusal;
		object.state = State.REFUSED;
		this.decided.accept(object);
	}

	private void issue(SigningObject object, X509Certificate certificate) {
		object.chain = List.of(certificate);
		object.state = State.ISSUED;
		this.decided.accept(object);
	}

	/** As Kubernetes' own signers do: backdated, and a little shorter if it is long. */
	X509Certificate certificate(PublicKey key, CertificateTemplate template) {
		Instant now = this.world.now();
		boolean isLong = this.lifetime.compareTo(Duration.ofHours(8)) >= 0;
		Instant notAfter = now.plus(isLong ? this.lifetime.minus(BACKDATED) : this.lifetime);
		return authority.issue(key, template, now.minus(BACKDATED), notAfter);
	}

	private X509Certificate wrong(CertificateRequest request) {
		Instant now = this.world.now();
		CertificateTemplate template = request.template();
		return switch (this.mistakes++ % 4) {
			case 0 -> certificate(foreignKey, template);
			case 1 -> certificate(request.publicKey(), CertificateTemplate.ofSubject(template.commonName()));
			case 2 -> authority.issue(request.publicKey(), template, now.minus(Duration.ofDays(2)),
					now.minus(Duration.ofDays(1)));
			default -> authority.issue(request.publicKey(), template, now.plus(Duration.ofDays(1)),
					now.plus(Duration.ofDays(2)));
		};
	}

	enum Mood {

		WELL, SLOW, VERY_SLOW, AWAY, DENIES, FAILS, WRONG

	}

}
