/**
 * Stores the current pair and the pending request, in the kubelet's layout.
 */
@NullMarked
package io.kubelet.cert.store;

import org.jspecify.annotations.NullMarked;
