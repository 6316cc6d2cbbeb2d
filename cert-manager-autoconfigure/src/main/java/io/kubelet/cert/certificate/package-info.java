/**
 * Values: certificate templates, pairs, requests, key specifications, and their PEM form.
 * <p>
 * Internal: {@link io.kubelet.cert.certificate.CertificateChain},
 * {@link io.kubelet.cert.certificate.ExternalText},
 * {@link io.kubelet.cert.certificate.FileChanges},
 * {@link io.kubelet.cert.certificate.ReadableDuration},
 * {@link io.kubelet.cert.certificate.TextFile}.
 */
@NullMarked
package io.kubelet.cert.certificate;

import org.jspecify.annotations.NullMarked;
