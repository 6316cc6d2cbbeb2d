/**
 * A model of a cluster, in which the engine lives through years in a second.
 */
@NullMarked
package io.kubelet.cert.simulation;

import org.jspecify.annotations.NullMarked;
