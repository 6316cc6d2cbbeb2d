package io.kubelet.cert.rotation.engine;

import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.function.BiFunction;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import org.jspecify.annotations.Nullable;

/**
 * What is fixed about one certificate's rotation.
 *
 * @param fixedUsages what it is requested for whatever the template and the key,
 * {@code null} if that depends on them
 */
record RotationSettings(String name, RequestNaming naming, String signerName, @Nullable List<Usage> fixedUsages,
		BiFunction<CertificateTemplate, PublicKey, List<Usage>> usages, @Nullable Duration requestedLifetime,
		KeySpecification key, RotationWindow window, Duration waitTimeout, RetrySchedule retry, Duration forcedInterval,
		boolean once) {

}
