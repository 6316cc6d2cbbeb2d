package io.kubelet.cert.kubernetes.internal.secret;

import java.time.Duration;

import io.kubelet.cert.request.IssuedCertificateCheck;
import org.jspecify.annotations.Nullable;

/**
 * A certificate whose pair is stored in a Secret.
 *
 * @param name the name
 * @param rotates whether it is rotated, and the Secret may be written
 * @param check knows the authorities that may sign
 * @param trustedIssuer the issuer whose authority is trusted, {@code null} if trust is
 * configured otherwise
 * @param overlap how long an authority is trusted after a rotation has replaced it
 */
public record SharedCertificate(String name, boolean rotates, IssuedCertificateCheck check,
		@Nullable String trustedIssuer, Duration overlap) {

}
