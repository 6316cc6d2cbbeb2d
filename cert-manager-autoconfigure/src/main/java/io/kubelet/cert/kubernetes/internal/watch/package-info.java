/**
 * Objects of the API that are listed and watched. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.internal.watch;

import org.jspecify.annotations.NullMarked;
