package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * Who an application is, and whom it trusts, at one moment. Two identities are equal if a
 * connection made with the one is as good as a connection made with the other.
 *
 * @param pair the pair to present, {@code null} while there is none
 * @param authorities the authorities to trust; if there are none, those of the JDK
 */
record Identity(@Nullable CertificatePair pair, List<X509Certificate> authorities) {

}
