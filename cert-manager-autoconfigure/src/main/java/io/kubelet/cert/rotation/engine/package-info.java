/**
 * The rotation loop. Internal, except for
 * {@link io.kubelet.cert.rotation.engine.RotatingCertificateManager},
 * {@link io.kubelet.cert.rotation.engine.RotationSettings} and
 * {@link io.kubelet.cert.rotation.engine.SharedResources}.
 */
@NullMarked
package io.kubelet.cert.rotation.engine;

import org.jspecify.annotations.NullMarked;
