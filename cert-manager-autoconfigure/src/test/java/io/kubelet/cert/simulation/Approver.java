package io.kubelet.cert.simulation;

import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.testsupport.TestAuthority;

/**
 * Approves and signs, or not.
 */
final class Approver {

	static final Duration SLOW = Duration.ofMinutes(10);

	private static final Duration VERY_SLOW = Duration.ofMinutes(40);

	private static final TestAuthority authority = new TestAuthority("simulation", new KeyPool().next());

	private static final PublicKey foreignKey = new KeyPool().next().getPublic();

	private final World world;

	Mood mood = Mood.WELL;

	int denials;

	private int mistakes;

	Approver(World world) {
		this.world = world;
	}

	/** Decides after the time that it takes now. */
	void consider(SigningObject object) {
		Duration delay = switch (this.mood) {
			case SLOW -> SLOW;
			case VERY_SLOW -> VERY_SLOW;
			default -> Duration.ofSeconds(1);
		};
		this.world.time.schedule(() -> {
			if (object.isPending() && this.mood != Mood.AWAY) {
				this.denials += (this.mood == Mood.DENIES) ? 1 : 0;
				decide(object);
			}
		}, delay);
	}

	private void decide(SigningObject object) {
		String name = object.name();
		Signer signer = object.request.signer();
		PublicKey key = object.request.publicKey();
		CertificateTemplate template = object.request.template();
		switch (this.mood) {
			case DENIES -> object.outcome.completeExceptionally(RequestException.denied(name, signer, "Policy", "no"));
			case FAILS -> object.outcome
				.completeExceptionally(RequestException.failed(name, signer, "SignerValidationFailure", "no"));
			case WRONG -> object.outcome.complete(List.of(wrong(key, template)));
			default -> object.outcome.complete(List.of(certificate(key, template)));
		}
	}

	/** Backdated, as Kubernetes' own signers do. */
	X509Certificate certificate(PublicKey key, CertificateTemplate template) {
		Instant now = this.world.now();
		return authority.issue(key, template, now.minus(Duration.ofMinutes(5)),
				now.plus(this.world.history.lifetime()));
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

	enum Mood {

		WELL, SLOW, VERY_SLOW, AWAY, DENIES, FAILS, WRONG

	}

}
