/**
 * Live SSL bundles, whose users follow the rotation. Internal, except for
 * {@link io.kubelet.cert.ssl.BundleSocketFactory}.
 */
@NullMarked
package io.kubelet.cert.ssl;

import org.jspecify.annotations.NullMarked;
