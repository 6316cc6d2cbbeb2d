/**
 * The store in a Secret, which the replicas of an application share. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.internal.secret;

import org.jspecify.annotations.NullMarked;
