package io.kubelet.cert.certificate;

import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request with its private key: all that is needed to send it, and
 * to go on with it after a restart. The key is not in {@link #toString()}.
 *
 * @param name the object's name at the signer, {@code null} to have one generated
 * @param uid the object's UID, {@code null} until the signer has confirmed it
 * @param createdAt when the signer created the object, {@code null} until it has
 * @param template what the certificate is to say
 * @param signerName the signer, {@code domain/path}
 * @param usages what the certificate is to be used for
 * @param requestedLifetime how long it is to be valid, {@code null} to leave it to the
 * signer
 * @param pkcs10 the signed PKCS#10 request (RFC 2986), as PEM
 * @param publicKey the key that the certificate is to hold
 * @param privateKey its private key
 */
public record CertificateRequest(@Nullable String name, @Nullable String uid, @Nullable Instant createdAt,
		CertificateTemplate template, String signerName, List<Usage> usages, @Nullable Duration requestedLifetime,
		String pkcs10, PublicKey publicKey, PrivateKey privateKey) {

	public CertificateRequest {
		usages = List.copyOf(usages);
	}

	/**
	 * Return this request as the signer confirmed it.
	 * @param name the object's name
	 * @param uid the object's UID
	 * @param createdAt when it was created
	 * @return the new request
	 */
	public CertificateRequest confirmed(String name, String uid, Instant createdAt) {
		return new CertificateRequest(name, uid, createdAt, this.template, this.signerName, this.usages,
				this.requestedLifetime, this.pkcs10, this.publicKey, this.privateKey);
	}

	/**
	 * Whether this request would bring the same certificate as another one would.
	 * @param template the other one's template
	 * @param signerName the other one's signer
	 * @param usages the other one's usages
	 * @param requestedLifetime the other one's lifetime
	 * @return {@code true} if it would, but for the key
	 */
	public boolean asksFor(CertificateTemplate template, String signerName, Collection<Usage> usages,
			@Nullable Duration requestedLifetime) {
		return this.template.equals(template) && this.signerName.equals(signerName)
				&& Set.copyOf(this.usages).equals(Set.copyOf(usages))
				&& Objects.equals(this.requestedLifetime, requestedLifetime);
	}

	@Override
	public String toString() {
		return "CertificateRequest[name=%s, uid=%s, signerName=%s, usages=%s, template=%s]".formatted(this.name,
				this.uid, this.signerName, this.usages, this.template);
	}

}
