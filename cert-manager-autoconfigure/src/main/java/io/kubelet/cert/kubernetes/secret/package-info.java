/**
 * The store in a Secret, which the replicas of an application share. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.secret;

import org.jspecify.annotations.NullMarked;
