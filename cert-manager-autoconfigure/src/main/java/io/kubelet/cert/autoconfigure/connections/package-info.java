/**
 * Auto-configuration of clients of protocols other than HTTP. Internal, except for the
 * auto-configurations, which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.connections;

import org.jspecify.annotations.NullMarked;
