package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Objects;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request with its private key: all that is needed to send it, to
 * resume it after a restart, and to use its certificate. {@link #toString()} does not
 * contain the key.
 *
 * @param request what the signer receives
 * @param privateKey the private key of the request's public key
 * @param key the kind of key that was asked for, {@code null} if that is not known
 * @param replaces the serial number of the certificate that it is to replace,
 * {@code null} if there is none
 */
public record PendingRequest(CertificateRequest request, PrivateKey privateKey, @Nullable KeySpecification key,
		@Nullable String replaces) {

	/**
	 * Returns the keys of the certificate.
	 * @return the public key of the request, and its private key
	 */
	public KeyPair keys() {
		return new KeyPair(this.request.publicKey(), this.privateKey);
	}

	/**
	 * Whether this request is for a key.
	 * @param publicKey the key
	 * @return {@code true} if a certificate for the key answers this request
	 */
	public boolean hasKey(PublicKey publicKey) {
		return Arrays.equals(publicKey.getEncoded(), this.request.publicKey().getEncoded());
	}

	/**
	 * Returns this pending request with another request for the same key, such as the
	 * confirmed one.
	 * @param request the request
	 * @return the new pending request
	 */
	public PendingRequest with(CertificateRequest request) {
		return new PendingRequest(request, this.privateKey, this.key, this.replaces);
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
		return this.request.template().equals(template) && this.request.signerName().equals(signerName)
				&& Set.copyOf(this.request.usages()).equals(Set.copyOf(usages))
				&& Objects.equals(this.request.requestedLifetime(), requestedLifetime)
				&& (this.key == null || this.key.equals(key));
	}

	@Override
	public String toString() {
		return "PendingRequest[request=%s, replaces=%s]".formatted(this.request, this.replaces);
	}

}
