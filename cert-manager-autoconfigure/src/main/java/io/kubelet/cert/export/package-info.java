/**
 * Exports the current pair and the authorities of a certificate to files, for drivers and
 * sidecars that take paths. Internal.
 */
@NullMarked
package io.kubelet.cert.export;

import org.jspecify.annotations.NullMarked;
