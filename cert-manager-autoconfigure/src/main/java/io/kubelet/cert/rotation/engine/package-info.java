/**
 * The rotation loop. Internal, except for
 * {@link io.kubelet.cert.rotation.engine.RotatingCertificateManager} and
 * {@link io.kubelet.cert.rotation.engine.RotationSettings}.
 */
@NullMarked
package io.kubelet.cert.rotation.engine;

import org.jspecify.annotations.NullMarked;
