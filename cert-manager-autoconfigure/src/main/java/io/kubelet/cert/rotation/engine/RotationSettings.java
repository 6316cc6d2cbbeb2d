package io.kubelet.cert.rotation.engine;

import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * What is fixed about one certificate's rotation, and what it works with.
 *
 * @param signerOrigin what names the signer, {@code null} if that is not known
 * @param fixedUsages what it is requested for whatever the template and the key,
 * {@code null} if that depends on them
 * @param once whether no valid certificate is rotated
 * @param signers provides the signer, {@code null} if nothing is requested
 * @param executor runs what may block: listeners and template suppliers
 */
record RotationSettings(String name, RequestNaming naming, String signerName, @Nullable String signerOrigin,
		@Nullable List<Usage> fixedUsages, BiFunction<CertificateTemplate, PublicKey, List<Usage>> usages,
		@Nullable Duration requestedLifetime, KeySpecification key, RotationWindow window, Duration waitTimeout,
		RetrySchedule retry, Duration forcedInterval, boolean once, CertificateStore store,
		@Nullable SignerSource signers, KeyPairSource keys, IssuedCertificateCheck check, RotationScheduler scheduler,
		Executor executor, Clock clock, DoubleSupplier random) {

	/** Adds the fields of structured logging that every entry about a certificate has. */
	LoggingEventBuilder about(LoggingEventBuilder entry) {
		return entry.addKeyValue("kubelet.cert.name", this.name);
	}

	/** Adds the fields of structured logging that describe a pair. */
	LoggingEventBuilder about(LoggingEventBuilder entry, CertificatePair pair) {
		return about(entry).addKeyValue("kubelet.cert.serial", pair.serialNumber())
			.addKeyValue("kubelet.cert.not_after", pair.notAfter());
	}

	/** Adds the fields of structured logging that describe a request. */
	LoggingEventBuilder about(LoggingEventBuilder entry, CertificateRequest request) {
		return about(entry).addKeyValue("kubelet.cert.request", request.name())
			.addKeyValue("kubelet.cert.signer", request.signerName());
	}

}
