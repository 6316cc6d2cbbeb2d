package io.kubelet.cert.simulation;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;

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

	void become(Mood mood) {
		this.mood = mood;
	}

	/** Decides after the time that it takes now. */
	void consider(SigningObject object) {
		int plan = ++object.plan;
		Duration delay = switch (this.mood) {
			case SLOW -> SLOW;
			case VERY_SLOW -> VERY_SLOW;
			default -> Duration.ofSeconds(1);
		};
		if (this.mood != Mood.AWAY) {
			this.world.time().schedule(() -> {
				if (object.isPending() && object.plan == plan) {
					decide(object);
				}
			}, delay);
		}
	}

	private void decide(SigningObject object) {
		String name = object.name();
		String signer = object.request.signerName();
		switch (this.mood) {
			case DENIES -> end(object, null, RequestException.denied(name, signer, "Policy", "no"));
			case FAILS -> end(object, null, RequestException.failed(name, signer, "SignerValidationFailure", "no"));
			case WRONG -> end(object, wrong(object.request.publicKey(), object.request.template()), null);
			default -> end(object, certificate(object.request.publicKey(), object.request.template()), null);
		}
		if (this.mood.ordinal() >= Mood.DENIES.ordinal()) {
			object.owner.answeredAgainst();
		}
		this.decided.accept(object);
	}

	private static void end(SigningObject object, @Nullable X509Certificate certificate,
			@Nullable RuntimeException refusal) {
		object.chain = (certificate != null) ? List.of(certificate) : List.of();
		object.refusal = refusal;
		object.state = (certificate != null) ? SigningObject.State.ISSUED : SigningObject.State.REFUSED;
	}

	/** As Kubernetes' own signers do: backdated, and a little shorter if it is long. */
	X509Certificate certificate(PublicKey key, CertificateTemplate template) {
		Instant now = this.world.now();
		boolean isLong = this.lifetime.compareTo(Duration.ofHours(8)) >= 0;
		Instant notAfter = now.plus(isLong ? this.lifetime.minus(BACKDATED) : this.lifetime);
		return authority.issue(key, template, now.minus(BACKDATED), notAfter);
	}

	private X509Certificate wrong(PublicKey key, CertificateTemplate template) {
		Instant now = this.world.now();
		return switch (this.mistakes++ % 4) {
			case 0 -> certificate(foreignKey, template);
			case 1 -> certificate(key, CertificateTemplate.ofSubject(template.commonName()));
			case 2 -> authority.issue(key, template, now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)));
			default -> authority.issue(key, template, now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2)));
		};
	}

	/** From {@link #DENIES} on, it answers what would be the same again. */
	enum Mood {

		WELL, SLOW, VERY_SLOW, AWAY, DENIES, FAILS, WRONG

	}

}
