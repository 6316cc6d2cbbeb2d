/**
 * Web servers that follow a live SSL bundle. Internal, except for the auto-configuration,
 * which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.server;

import org.jspecify.annotations.NullMarked;
