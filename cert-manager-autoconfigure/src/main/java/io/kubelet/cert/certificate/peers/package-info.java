/**
 * Which peers are accepted, by the names in their certificates. Internal.
 */
@NullMarked
package io.kubelet.cert.certificate.peers;

import org.jspecify.annotations.NullMarked;
