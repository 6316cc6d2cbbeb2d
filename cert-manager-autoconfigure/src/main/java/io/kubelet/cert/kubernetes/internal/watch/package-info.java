/**
 * Objects of the API that are followed by a list and a watch. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.internal.watch;

import org.jspecify.annotations.NullMarked;
