/**
 * An embedded control plane: the certificates API of a Kubernetes API server, its
 * approver and its signers, in this process and over real HTTPS.
 */
@NullMarked
package io.kubelet.cert.test;

import org.jspecify.annotations.NullMarked;
