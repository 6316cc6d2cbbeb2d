/**
 * What operators see: the endpoint, health and metrics.
 */
@NullMarked
package io.kubelet.cert.actuate;

import org.jspecify.annotations.NullMarked;
