/**
 * Requesting a certificate: keys, PKCS#10, the port to a signer, and its answers.
 */
@NullMarked
package io.kubelet.cert.request;

import org.jspecify.annotations.NullMarked;
