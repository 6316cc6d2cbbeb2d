/**
 * What operators see: the endpoint, health and metrics. Internal, except for
 * {@link io.kubelet.cert.actuate.CertificatesEndpoint} and
 * {@link io.kubelet.cert.actuate.CertificateDescriptor}.
 */
@NullMarked
package io.kubelet.cert.actuate;

import org.jspecify.annotations.NullMarked;
