package io.kubelet.cert.rotation;

import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.RequestNaming;
import org.jspecify.annotations.Nullable;

/**
 * What is fixed about one certificate's rotation.
 *
 * @param fixedUsages what it is requested for whatever the key, {@code null} if that
 * depends on the key
 */
record RotationSettings(String name, RequestNaming naming, String signerName, @Nullable List<Usage> fixedUsages,
		Function<PublicKey, List<Usage>> usages, @Nullable Duration requestedLifetime, KeySpecification key,
		RotationWindow window, Duration waitTimeout, RetrySchedule retry, Duration forcedInterval, boolean once) {

}
