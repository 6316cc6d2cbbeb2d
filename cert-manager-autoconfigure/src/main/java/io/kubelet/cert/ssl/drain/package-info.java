/**
 * Clients of protocols other than HTTP whose connections follow a live SSL bundle.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.ssl.drain;

import org.jspecify.annotations.NullMarked;
