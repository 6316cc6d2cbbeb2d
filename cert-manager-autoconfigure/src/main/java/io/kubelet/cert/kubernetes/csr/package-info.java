/**
 * Signers that use the CertificateSigningRequest API. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.csr;

import org.jspecify.annotations.NullMarked;
