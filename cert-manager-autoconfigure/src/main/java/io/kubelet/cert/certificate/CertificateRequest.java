package io.kubelet.cert.certificate;

import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request, as a signer receives it. Its private key stays with the
 * {@link PendingRequest}.
 *
 * @param name the object's name at the signer, {@code null} to have one generated
 * @param uid the object's UID, {@code null} until the signer has confirmed it
 * @param createdAt when the signer created the object, {@code null} until it has
 * @param template the requested names
 * @param signer the signer
 * @param usages the requested usages
 * @param requestedLifetime the requested lifetime, {@code null} to leave it to the signer
 * @param pkcs10 the signed PKCS#10 request (RFC 2986), as PEM
 * @param publicKey the public key to certify
 */
public record CertificateRequest(@Nullable String name, @Nullable String uid, @Nullable Instant createdAt,
		CertificateTemplate template, Signer signer, List<Usage> usages, @Nullable Duration requestedLifetime,
		String pkcs10, PublicKey publicKey) {

	public CertificateRequest {
		usages = List.copyOf(usages);
	}

	/**
	 * Returns this request with the identity of the object that the signer created.
	 * @param name the object's name
	 * @param uid the object's UID
	 * @param createdAt when it was created
	 * @return the new request
	 */
	public CertificateRequest confirmed(String name, String uid, Instant createdAt) {
		return new CertificateRequest(name, uid, createdAt, this.template, this.signer, this.usages,
				this.requestedLifetime, this.pkcs10, this.publicKey);
	}

	/**
	 * Returns how a request that the signer already has differs from this one.
	 * @param signer its signer
	 * @param pkcs10 its PKCS#10 request as PEM
	 * @return the difference, empty if subject, signer and key are the same
	 */
	public Optional<String> difference(Signer signer, String pkcs10) {
		if (!signer.equals(this.signer)) {
			return Optional.of("its signer is '%s', not '%s'".formatted(signer, this.signer));
		}
		try {
			PKCS10CertificationRequest theirRequest = Pkcs10.read(pkcs10);
			PKCS10CertificationRequest ourRequest = Pkcs10.read(this.pkcs10);
			if (!theirRequest.getSubject().equals(ourRequest.getSubject())) {
				return Optional.of("its subject is '%s', not '%s'"
					.formatted(ExternalText.clean(theirRequest.getSubject().toString()), ourRequest.getSubject()));
			}
			return Pkcs10.isSignedWith(theirRequest, this.publicKey) ? Optional.empty()
					: Optional.of("it is not signed with our key");
		}
		catch (MalformedPemException ex) {
			return Optional.of("it cannot be read");
		}
	}

	@Override
	public String toString() {
		return "CertificateRequest[name=%s, uid=%s, signer=%s, usages=%s, template=%s]".formatted(this.name, this.uid,
				this.signer, this.usages, this.template);
	}

}
