/**
 * Properties and wiring. Nothing depends on this package.
 */
@NullMarked
package io.kubelet.cert.autoconfigure;

import org.jspecify.annotations.NullMarked;
