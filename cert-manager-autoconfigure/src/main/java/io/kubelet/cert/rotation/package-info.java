/**
 * What applications use of the rotation: the managers, their status and their listeners.
 * Internal: {@link io.kubelet.cert.rotation.RotationFollower}.
 */
@NullMarked
package io.kubelet.cert.rotation;

import org.jspecify.annotations.NullMarked;
