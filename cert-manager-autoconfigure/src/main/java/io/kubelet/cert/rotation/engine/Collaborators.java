package io.kubelet.cert.rotation.engine;

import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * What a manager works with.
 *
 * @param signers provides the signer, {@code null} if rotation is off
 * @param executor runs what may block: listeners and template suppliers
 */
record Collaborators(CertificateStore store, @Nullable SignerSource signers, KeyPairSource keys,
		IssuedCertificateCheck check, RotationScheduler scheduler, Executor executor, Clock clock,
		DoubleSupplier random) {

}
