/**
 * Stores the current pair and the pending request, in the kubelet's layout. Internal:
 * {@link io.kubelet.cert.store.DurableFiles}.
 */
@NullMarked
package io.kubelet.cert.store;

import org.jspecify.annotations.NullMarked;
