package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
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

	NewRequests(RotationSettings settings) {
		this.settings = settings;
		this.requested = settings.request();
	}

	/** Whether a request asks for what is configured now, with a key of that kind. */
	boolean asksFor(PendingRequest pending, CertificateTemplate template) {
		CertificateRequest request = pending.request();
		List<Usage> usages = this.requested.usages(template, request.publicKey());
		return request.template().equals(template) && request.signerName().equals(this.requested.signerName())
				&& Set.copyOf(request.usages()).equals(Set.copyOf(usages))
				&& Objects.equals(request.requestedLifetime(), this.requested.lifetime())
				&& (pending.key() == null || pending.key().equals(this.requested.key()));
	}

	/**
	 * Creates a request with a new key.
	 * @param replaced the pair that it is to replace, {@code null} if there is none
	 */
	PendingRequest create(CertificateTemplate template, @Nullable CertificatePair replaced) {
		KeyPair keys = this.settings.resources().keys().generate(this.requested.key());
		List<Usage> usages = this.requested.usages(template, keys.getPublic());
		String name = this.settings.naming().name(keys.getPublic(), template, usages);
		return new PendingRequest(
				CertificateRequests.create(name, template, this.requested.signerName(), usages,
						this.requested.lifetime(), keys),
				keys.getPrivate(), this.requested.key(), (replaced != null) ? replaced.serialNumber() : null);
	}

}
