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
 * A certificate signing request with its private key: all that is needed to send it, or
 * to resume it after a restart. {@link #toString()} does not contain the key.
 *
 * @param name the object's name at the signer, {@code null} to have one generated
 * @param uid the object's UID, {@code null} until the signer has confirmed it
 * @param createdAt when the signer created the object, {@code null} until it has
 * @param template the names that are requested
 * @param signerName the signer, {@code domain/path}
 * @param usages the usages that are requested
 * @param requestedLifetime the lifetime that is requested, {@code null} to leave it to
 * the signer
 * @param pkcs10 the signed PKCS#10 request (RFC 2986), as PEM
 * @param publicKey the public key to certify
 * @param privateKey its private key
 * @param key the kind of key that was asked for, {@code null} if that is not known
 * @param replaces the serial number of the certificate that it is to replace,
 * {@code null} if there is none
 */
public record CertificateRequest(@Nullable String name, @Nullable String uid, @Nullable Instant createdAt,
		CertificateTemplate template, String signerName, List<Usage> usages, @Nullable Duration requestedLifetime,
		String pkcs10, PublicKey publicKey, PrivateKey privateKey, @Nullable KeySpecification key,
		@Nullable String replaces) {

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
		return new CertificateRequest(name, uid, createdAt, this.template, this.signerName, this.usages,
				this.requestedLifetime, this.pkcs10, this.publicKey, this.privateKey, this.key, this.replaces);
	}

	/**
	 * Returns this request with what it was created for.
	 * @param key the kind of key that was asked for
	 * @param replaces the serial number of the certificate that it is to replace,
	 * {@code null} if there is none
	 * @return the new request
	 */
	public CertificateRequest createdFor(KeySpecification key, @Nullable String replaces) {
		return new CertificateRequest(this.name, this.uid, this.createdAt, this.template, this.signerName, this.usages,
				this.requestedLifetime, this.pkcs10, this.publicKey, this.privateKey, key, replaces);
	}

	/**
	 * Whether this request asks for the same certificate as another one, with a key of
	 * the same kind.
	 * @param template the other request's template
	 * @param signerName the other request's signer
	 * @param usages the other request's usages, in any order
	 * @param requestedLifetime the other request's lifetime
	 * @param key the kind of the other request's key
	 * @return {@code true} if it does
	 */
	public boolean asksFor(CertificateTemplate template, String signerName, Collection<Usage> usages,
			@Nullable Duration requestedLifetime, KeySpecification key) {
		return this.template.equals(template) && this.signerName.equals(signerName)
				&& Set.copyOf(this.usages).equals(Set.copyOf(usages))
				&& Objects.equals(this.requestedLifetime, requestedLifetime)
				&& (this.key == null || this.key.equals(key));
	}

	@Override
	public String toString() {
		return "CertificateRequest[name=%s, uid=%s, signerName=%s, usages=%s, template=%s]".formatted(this.name,
				this.uid, this.signerName, this.usages, this.template);
	}

}
