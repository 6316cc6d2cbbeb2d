package io.kubelet.cert.ssl;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Trust;
import org.jspecify.annotations.Nullable;

/**
 * The pair that is presented and the trust that is applied at one moment. With an equal
 * identity, a connection need not be made again.
 *
 * @param pair the pair to present, {@code null} while there is none
 * @param trust whose certificates are accepted
 */
public record Identity(@Nullable CertificatePair pair, Trust trust) {

}
