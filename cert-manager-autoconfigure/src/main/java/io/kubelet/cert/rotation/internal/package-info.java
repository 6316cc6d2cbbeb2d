/**
 * How the work for one certificate is executed: one task after the other, and observed in
 * case it does not return; and how the files of others are followed. Internal.
 */
@NullMarked
package io.kubelet.cert.rotation.internal;

import org.jspecify.annotations.NullMarked;
