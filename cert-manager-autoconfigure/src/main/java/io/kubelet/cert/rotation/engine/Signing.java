package io.kubelet.cert.rotation.engine;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.Policy.Asked;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Creates requests, and uses the signer, which is obtained for each attempt. Used on the
 * certificate's serial executor only.
 */
final class Signing {

	private final RotationSettings settings;

	/** That of the last attempt. */
	private @Nullable CertificateSigner signer;

	Signing(RotationSettings settings) {
		this.settings = settings;
	}

	/**
	 * Creates a request with a new key.
	 * @param replaced the pair that it is to replace, {@code null} if there is none
	 */
	PendingRequest create(Asked asked, CertificateTemplate template, @Nullable CertificatePair replaced) {
		KeyPair keys = this.settings.resources().keys().generate(asked.key());
		List<Usage> usages = asked.usages(template, keys.getPublic());
		String name = this.settings.naming().name(keys.getPublic(), template, usages);
		return new PendingRequest(
				CertificateRequests.create(name, template, asked.signer(), usages, asked.lifetime(), keys),
				keys.getPrivate(), asked.key(), (replaced != null) ? replaced.serialNumber() : null);
	}

	/**
	 * Sends a request, or looks for the one of another replica.
	 * @param pair the pair to authenticate with, if it is valid
	 */
	CompletableFuture<List<X509Certificate>> send(Pending pending, @Nullable CertificatePair pair, Instant now,
			Consumer<SubmittedRequest> progress) {
		this.signer = signer(pair, now);
		CertificateRequest request = pending.request().request();
		return switch (pending.stage()) {
			case FOUND, THEIRS, MISSED -> this.signer.join(request, progress);
			default -> this.signer.request(request, progress);
		};
	}

	private CertificateSigner signer(@Nullable CertificatePair pair, Instant now) {
		return Objects.requireNonNull(this.settings.signers(), "Requests have signers")
			.signer((pair != null && pair.isValid(now)) ? pair : null);
	}

	/** Has the signer look at the object of a request that is waited for. */
	void look(CertificateRequest request) {
		if (this.signer != null) {
			this.signer.look(request);
		}
	}

	/** Whether answered requests leave objects. */
	boolean keepsObjects() {
		return this.signer == null || this.signer.keepsObjects();
	}

	/** Deletes the object of a request, without waiting for the signer. */
	CompletableFuture<?> discard(CertificateRequest request) {
		try {
			this.signer = (this.signer != null) ? this.signer : signer(null, Instant.MIN);
			return this.signer.discard(request);
		}
		catch (RuntimeException ex) {
			RotationLog.about(this.settings, Level.INFO, request)
				.log("[{}] Request {} could not be removed: {}", request.name(), ex.getMessage());
			return CompletableFuture.completedFuture(null);
		}
	}

}
