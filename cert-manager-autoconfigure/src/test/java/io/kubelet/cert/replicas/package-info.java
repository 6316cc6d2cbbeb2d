/**
 * Tests of replicas that share a certificate.
 */
@NullMarked
package io.kubelet.cert.replicas;

import org.jspecify.annotations.NullMarked;
