/**
 * Signers that use cert-manager's CertificateRequest API. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.certmanager;

import org.jspecify.annotations.NullMarked;
