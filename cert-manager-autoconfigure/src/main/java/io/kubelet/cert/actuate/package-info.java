/**
 * The endpoint.
 */
@NullMarked
package io.kubelet.cert.actuate;

import org.jspecify.annotations.NullMarked;
