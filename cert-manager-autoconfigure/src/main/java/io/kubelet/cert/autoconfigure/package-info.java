/**
 * The wiring of the engine. Nothing outside of the auto-configurations depends on this
 * package. Internal, except for the auto-configuration, which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure;

import org.jspecify.annotations.NullMarked;
