/**
 * The rotation loop. Internal, except for
 * {@link io.kubelet.cert.rotation.engine.CertificateManagerBuilder}.
 */
@NullMarked
package io.kubelet.cert.rotation.engine;

import org.jspecify.annotations.NullMarked;
