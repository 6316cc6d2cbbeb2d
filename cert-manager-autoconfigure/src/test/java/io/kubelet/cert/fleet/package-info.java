/**
 * Many applications against one control plane, in simulated time: what they cost it, and
 * what becomes of their certificates when it fails.
 */
@NullMarked
package io.kubelet.cert.fleet;

import org.jspecify.annotations.NullMarked;
