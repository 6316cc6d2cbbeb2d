/**
 * HTTP clients that follow a live SSL bundle. Internal, except for the
 * auto-configuration, which an application may exclude.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.client;

import org.jspecify.annotations.NullMarked;
