/**
 * An application whose certificates rotate by themselves.
 */
@NullMarked
package io.kubelet.cert.sample;

import org.jspecify.annotations.NullMarked;
