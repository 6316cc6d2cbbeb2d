package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Trust;
import org.jspecify.annotations.Nullable;

/**
 * The pair that is presented and the trust that is applied at one moment.
 *
 * @param pair the pair to present, {@code null} while there is none
 * @param trust whose certificates are accepted
 */
public record Identity(@Nullable CertificatePair pair, Trust trust) {

	/**
	 * Returns the certificate that is presented.
	 * @return the leaf, {@code null} while there is none
	 */
	public @Nullable X509Certificate leaf() {
		return (this.pair != null) ? this.pair.leaf() : null;
	}

}
