package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.rotation.core.Policy.Asked;
import org.jspecify.annotations.Nullable;

/**
 * Creates the requests of this process.
 */
final class CsrFactory {

	private final RotationSettings settings;

	private final Asked asked;

	CsrFactory(RotationSettings settings) {
		this.settings = settings;
		this.asked = settings.policy().asked();
	}

	/**
	 * Creates a request with a new key.
	 * @param replaced the pair that it is to replace, {@code null} if there is none
	 */
	PendingRequest create(CertificateTemplate template, @Nullable CertificatePair replaced) {
		KeyPair keys = this.settings.resources().keys().generate(this.asked.key());
		List<Usage> usages = this.asked.usages(template, keys.getPublic());
		String name = this.settings.naming().name(keys.getPublic(), template, usages);
		return new PendingRequest(
				CertificateRequests.create(name, template, this.asked.signerName(), usages, this.asked.lifetime(),
						keys),
				keys.getPrivate(), this.asked.key(), (replaced != null) ? replaced.serialNumber() : null);
	}

}
