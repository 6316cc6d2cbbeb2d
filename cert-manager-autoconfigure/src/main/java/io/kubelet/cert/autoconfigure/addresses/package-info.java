/**
 * Templates of serving certificates with the addresses of a node, a pod or a host.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.addresses;

import org.jspecify.annotations.NullMarked;
