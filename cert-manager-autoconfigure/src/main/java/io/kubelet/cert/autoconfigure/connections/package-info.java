/**
 * Clients of protocols other than HTTP whose connections follow a live SSL bundle.
 * Internal, except for the auto-configurations, which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.connections;

import org.jspecify.annotations.NullMarked;
