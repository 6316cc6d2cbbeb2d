/**
 * Signers that use an API of the cluster: an object is created for each request, found
 * again by its name, and watched. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.internal.signing;

import org.jspecify.annotations.NullMarked;
