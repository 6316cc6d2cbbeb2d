/**
 * The endpoint, and what removes meters.
 * <p>
 * Internal: {@link io.kubelet.cert.actuate.BoundMeters}.
 */
@NullMarked
package io.kubelet.cert.actuate;

import org.jspecify.annotations.NullMarked;
