/**
 * Application events about certificates.
 */
@NullMarked
package io.kubelet.cert.event;

import org.jspecify.annotations.NullMarked;
