package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.security.PublicKey;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.rotation.engine.RotationSettings.Request;
import org.jspecify.annotations.Nullable;

/**
 * Makes the requests of this process.
 */
final class NewRequests {

	private final RotationSettings settings;

	private final Request requested;

	/** Not stored yet, so that its key need not be generated again if that fails. */
	private @Nullable PendingRequest next;

	NewRequests(RotationSettings settings) {
		this.settings = settings;
		this.requested = settings.request();
	}

	/**
	 * Returns a request with a new key.
	 * @param replaces the serial number of the pair that it is to replace, {@code null}
	 * if there is none
	 */
	PendingRequest create(CertificateTemplate template, @Nullable String replaces) {
		PendingRequest next = this.next;
		if (next == null || !asksFor(next, template) || !Objects.equals(next.replaces(), replaces)) {
			next = create(template, this.settings.resources().keys().generate(this.requested.key()), replaces);
			this.next = next;
		}
		return next;
	}

	/** The request has been stored. */
	void created() {
		this.next = null;
	}

	/**
	 * Makes a request of another replica again, with its key. Whoever can write the store
	 * can store any request, so it is made from our own settings.
	 * @return the request, {@code null} if the other one asks for something else
	 */
	@Nullable PendingRequest again(PendingRequest other, CertificateTemplate template) {
		PublicKey key = other.request().publicKey();
		return (asksFor(other, template)
				&& name(template, key, this.requested.usages(template, key)).equals(other.request().name()))
						? create(template, other.keys(), other.replaces()) : null;
	}

	/** Returns whether a request asks for what is configured now. */
	boolean asksFor(PendingRequest pending, CertificateTemplate template) {
		return pending.asksFor(template, this.requested.signerName(),
				this.requested.usages(template, pending.request().publicKey()), this.requested.lifetime(),
				this.requested.key());
	}

	private PendingRequest create(CertificateTemplate template, KeyPair keys, @Nullable String replaces) {
		List<Usage> usages = this.requested.usages(template, keys.getPublic());
		return new PendingRequest(
				CertificateRequests.create(name(template, keys.getPublic(), usages), template,
						this.requested.signerName(), usages, this.requested.lifetime(), keys),
				keys.getPrivate(), this.requested.key(), replaces);
	}

	private String name(CertificateTemplate template, PublicKey key, List<Usage> usages) {
		return this.settings.naming().name(key, template, usages);
	}

}
