/**
 * What must not harm a certificate: faults of the API server, of the signer and of the
 * disk, and the death of the process.
 */
@NullMarked
package io.kubelet.cert.faults;

import org.jspecify.annotations.NullMarked;
