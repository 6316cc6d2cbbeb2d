/**
 * Clients of protocols other than HTTP whose connections follow a live SSL bundle.
 * Internal, except for {@link io.kubelet.cert.ssl.drain.ConnectionDrain}.
 */
@NullMarked
package io.kubelet.cert.ssl.drain;

import org.jspecify.annotations.NullMarked;
