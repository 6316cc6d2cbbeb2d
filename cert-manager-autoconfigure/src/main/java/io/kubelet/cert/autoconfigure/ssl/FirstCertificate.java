package io.kubelet.cert.autoconfigure.ssl;

import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.kubernetes.internal.InterruptedStartException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for a certificate when an application starts.
 */
final class FirstCertificate implements CertificateManager.Follower, RotationListener {

	private static final Logger logger = LoggerFactory.getLogger(FirstCertificate.class);

	/** Within this time, files that another program replaces are read again. */
	private static final Duration REPLACED = Duration.ofSeconds(12);

	/** Completes with a failure that waiting does not resolve, or with none. */
	private final CompletableFuture<CertificateStatus.@Nullable Failure> end = new CompletableFuture<>();

	private final CertificateManager manager;

	private final Supplier<@Nullable String> lack;

	private FirstCertificate(CertificateManager manager, Supplier<@Nullable String> lack) {
		this.manager = manager;
		this.lack = lack;
	}

	/**
	 * Waits for the certificate.
	 * @param lack what a rotation has to bring although the certificate is valid,
	 * {@code null} if nothing
	 * @throws CertificateUnavailableException if it is not issued in time, or if waiting
	 * does not help
	 */
	static void await(CertificateManager manager, CertificateSettings settings, Supplier<@Nullable String> lack) {
		FirstCertificate first = new FirstCertificate(manager, lack);
		manager.addFollower(first);
		manager.addListener(first);
		if (first.isThere()) {
			return;
		}
		CertificateStatus status = manager.status();
		boolean isOff = status.schedule().deadline() == null;
		if (isOff && !isBeingReplaced(status, settings.storage().initialPair())) {
			throw CertificateUnavailableException.absent(settings, status);
		}
		if (status.lastFailure() != null) {
			first.onEvent(new RotationEvent.Failed(manager.name(), status.lastFailure()));
		}
		Duration timeout = settings.startup().timeout();
		first.awaitEnd(settings, (isOff && timeout.compareTo(REPLACED) > 0) ? REPLACED : timeout);
	}

	/** Whether another program may have written one of two files, and not the other. */
	private static boolean isBeingReplaced(CertificateStatus status, @Nullable PairLocation files) {
		return status.pair() == null && files != null && Files.exists(files.certificate())
				&& Files.exists(files.privateKey());
	}

	private void awaitEnd(CertificateSettings settings, Duration timeout) {
		String missing = this.manager.current().isPresent() ? this.lack.get() : null;
		logger.info("[{}] There is no valid certificate{} yet: waiting up to {} for it", this.manager.name(),
				(missing != null) ? " " + missing : "", ReadableDuration.of(timeout));
		this.manager.awaitedFor(timeout);
		try {
			// A shutdown interrupts a start that waits, but not one in a wait with a time
			// limit
			CertificateStatus.Failure failure = this.end.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS).get();
			if (failure != null) {
				throw CertificateUnavailableException.failed(settings, failure, this.manager.status());
			}
		}
		catch (ExecutionException ex) {
			throw CertificateUnavailableException.timedOut(settings, timeout, this.manager.status());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptedStartException("certificate " + this.manager.name(), ex);
		}
	}

	private boolean isThere() {
		return this.manager.current().isPresent() && this.lack.get() == null;
	}

	/** Also called when only the authorities of the pair have changed. */
	@Override
	public void updated(String name) {
		if (isThere()) {
			this.end.complete(null);
		}
	}

	@Override
	public void onEvent(RotationEvent event) {
		if (event instanceof RotationEvent.Failed failed && failed.failure().needsAttention()) {
			this.end.complete(failed.failure());
		}
	}

}
