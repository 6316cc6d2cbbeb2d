/**
 * Web servers that follow a live SSL bundle. Internal.
 */
@NullMarked
package io.kubelet.cert.ssl.server;

import org.jspecify.annotations.NullMarked;
