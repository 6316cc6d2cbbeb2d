/**
 * Live SSL bundles: what uses them follows the rotation.
 */
@NullMarked
package io.kubelet.cert.ssl;

import org.jspecify.annotations.NullMarked;
