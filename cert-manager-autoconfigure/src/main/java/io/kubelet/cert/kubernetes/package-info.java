/**
 * The adapter to Kubernetes: the certificates API through the official Java client.
 */
@NullMarked
package io.kubelet.cert.kubernetes;

import org.jspecify.annotations.NullMarked;
