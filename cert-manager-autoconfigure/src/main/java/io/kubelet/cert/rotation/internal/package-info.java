/**
 * What the rotation of one certificate is built on: tasks that run one after the other
 * and are observed in case they do not return, pauses, and what is stored. Internal.
 */
@NullMarked
package io.kubelet.cert.rotation.internal;

import org.jspecify.annotations.NullMarked;
