/**
 * What operators see: endpoint, health, readiness and metrics. Internal, except for the
 * auto-configurations, which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.actuate;

import org.jspecify.annotations.NullMarked;
