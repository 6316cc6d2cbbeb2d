/**
 * HTTP clients that follow a live SSL bundle. Internal, except for
 * {@link io.kubelet.cert.ssl.client.LiveClientBuilders}.
 */
@NullMarked
package io.kubelet.cert.ssl.client;

import org.jspecify.annotations.NullMarked;
