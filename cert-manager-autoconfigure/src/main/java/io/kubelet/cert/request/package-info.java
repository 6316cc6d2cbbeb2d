/**
 * Requesting a certificate: keys, PKCS#10, the port to a signer, and its answers.
 * <p>
 * Internal: {@link io.kubelet.cert.request.CertificateRequests}.
 */
@NullMarked
package io.kubelet.cert.request;

import org.jspecify.annotations.NullMarked;
