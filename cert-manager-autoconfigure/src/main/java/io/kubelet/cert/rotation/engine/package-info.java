/**
 * The rotation loop. {@link io.kubelet.cert.rotation.engine.CertificateManagerBuilder} is
 * for users; everything else is internal.
 */
@NullMarked
package io.kubelet.cert.rotation.engine;

import org.jspecify.annotations.NullMarked;
