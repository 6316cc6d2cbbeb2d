/**
 * HTTP clients that follow a live SSL bundle. Internal.
 */
@NullMarked
package io.kubelet.cert.ssl.client;

import org.jspecify.annotations.NullMarked;
