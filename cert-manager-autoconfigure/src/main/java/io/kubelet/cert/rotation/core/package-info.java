/**
 * What is known of a certificate, as one immutable value, and what to do next, as one
 * pure function of it. Nothing here reads a clock, blocks, logs or draws random numbers.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.rotation.core;

import org.jspecify.annotations.NullMarked;
