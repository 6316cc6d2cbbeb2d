/**
 * Stores the current pair and the pending request, in the kubelet's layout. Internal:
 * {@link io.kubelet.cert.store.DurableFiles}, {@link io.kubelet.cert.store.FileVersion}.
 */
@NullMarked
package io.kubelet.cert.store;

import org.jspecify.annotations.NullMarked;
