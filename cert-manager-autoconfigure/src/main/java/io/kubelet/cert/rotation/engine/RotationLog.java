package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs the rotations of a certificate, and gives all entries about one the same fields.
 */
final class RotationLog {

	private static final Logger logger = LoggerFactory.getLogger(RotationLog.class);

	/** Of which the last tenth is enough for five attempts. */
	private static final Duration SHORT_LIFETIME = Duration.ofMinutes(10);

	private RotationLog() {
	}

	/**
	 * Adds the fields of structured logging that every entry about a certificate has, and
	 * its name as the first argument of the message.
	 */
	static LoggingEventBuilder about(RotationSettings settings, Level level) {
		return logger.atLevel(level).addKeyValue("kubelet.cert.name", settings.name()).addArgument(settings.name());
	}

	/** Adds the fields of structured logging that describe a pair. */
	static LoggingEventBuilder about(RotationSettings settings, Level level, CertificatePair pair) {
		return about(settings, level).addKeyValue("kubelet.cert.serial", pair.serialNumber())
			.addKeyValue("kubelet.cert.not_after", pair.notAfter());
	}

	/** Adds the fields of structured logging that describe a request. */
	static LoggingEventBuilder about(RotationSettings settings, Level level, CertificateRequest request) {
		return about(settings, level).addKeyValue("kubelet.cert.request", request.name())
			.addKeyValue("kubelet.cert.signer", request.signer());
	}

	/** The rotation starts with a stored pair, or without one. */
	static void started(RotationSettings settings, @Nullable CertificatePair pair, Instant next, Instant now) {
		boolean off = next.equals(Instant.MAX);
		Duration lifetime = settings.request().lifetime();
		if (!settings.off() && lifetime != null && lifetime.compareTo(SHORT_LIFETIME) < 0) {
			about(settings, Level.WARN).log(
					"[{}] 'requested-lifetime' is {}: a few failed attempts, or a clock that is minutes off, leave the application without a valid certificate. Request at least {}",
					ReadableDuration.of(lifetime), ReadableDuration.of(SHORT_LIFETIME));
		}
		if (pair != null && pair.isValid(now)) {
			about(settings, Level.INFO, pair).log("[{}] Using the stored certificate {}, valid until {}{}",
					pair.serialNumber(), pair.notAfter(), off ? "; rotation is off"
							: ", next rotation " + (next.isAfter(now) ? next.truncatedTo(ChronoUnit.SECONDS) : "now"));
		}
		else if (pair == null && off) {
			about(settings, Level.WARN).log(
					"[{}] There is no stored certificate, and rotation is off: a pair is used as soon as another program stores it");
		}
	}

	static void weakKey(RotationSettings settings, CertificatePair pair) {
		about(settings, Level.WARN, pair).log(
				"[{}] The key of the certificate ({}) is weak: peers may refuse it. Use at least RSA 2048 or EC P-256",
				KeySpecification.describe(pair.leaf().getPublicKey()));
	}

	static void notStored(RotationSettings settings, CertificatePair bootstrap, StoreException cause) {
		about(settings, Level.WARN, bootstrap).log("[{}] The bootstrap pair is used, but could not be stored: {}",
				cause.getMessage());
	}

	/** The stored pair is not used, or the store cannot be read. */
	static void notUsed(RotationSettings settings, State state, String problem, Instant now) {
		CertificatePair stored = state.stored().pair();
		boolean error = state.repair().failure() != null || state.stored().failure() != null || state.isContested(now);
		((error || stored == null) ? about(settings, Level.ERROR) : about(settings, Level.WARN, stored)).log("[{}] {}",
				problem);
	}

	static void readAgain(RotationSettings settings, CertificatePair pair) {
		about(settings, Level.INFO, pair).log("[{}] The pair in use can be read from {} again", settings.store());
	}

	static void notKept(RotationSettings settings, CertificatePair pair, RuntimeException cause) {
		about(settings, Level.WARN, pair).setCause(cause)
			.log("[{}] The pair is in use, but {} has kept no copy of it", settings.store());
	}

	static void notDeleted(RotationSettings settings, CertificateRequest request, RuntimeException cause) {
		about(settings, Level.WARN, request).log("[{}] {}; the rotation is not affected",
				(cause instanceof StoreException) ? cause.getMessage() : cause.toString());
	}

	static void outdated(RotationSettings settings, State state) {
		CertificatePair pair = Objects.requireNonNull(state.pair());
		CertificateTemplate template = Objects.requireNonNull(state.template());
		about(settings, Level.INFO, pair).log("[{}] The certificate does not match the template and is rotated: {}",
				String.join("; ", template.differences(pair.leaf())));
	}

	/** Other certificates are not affected: each has an executor of its own. */
	static void stuck(RotationSettings settings, Duration limit, Throwable stack) {
		about(settings, Level.ERROR).setCause(stack)
			.log("[{}] A step of the rotation has not returned for {}: the certificate is not rotated until it does. "
					+ "If it is an access to a file, check the file system", ReadableDuration.of(limit));
	}

	static void returned(RotationSettings settings) {
		about(settings, Level.INFO).log("[{}] The step of the rotation has returned: the certificate is rotated again");
	}

	static void requested(RotationSettings settings) {
		about(settings, Level.INFO).log("[{}] A rotation is requested");
	}

	static void abandoned(RotationSettings settings, CertificateRequest request) {
		about(settings, Level.INFO, request).log(
				"[{}] Request {} to {} asks for something else than is configured now: it is abandoned, and a new one follows",
				request.name(), request.signer().describe());
	}

	static void pending(RotationSettings settings, CertificateRequest request, SubmittedRequest submitted) {
		about(settings, Level.INFO, request).log("[{}] Request {} to {} is pending: {}", submitted.name(),
				request.signer().describe(), submitted.message());
	}

	static void joined(RotationSettings settings, CertificateRequest request, boolean sameTemplate) {
		about(settings, Level.INFO, request).log(
				"[{}] Another replica has stored request {}{}: its certificate is used as soon as it is issued",
				request.name(), sameTemplate ? "" : ", which has the template of a replica that was started later");
	}

	static void adopted(RotationSettings settings, CertificatePair pair, boolean byReplica, List<String> differences) {
		about(settings, differences.isEmpty() ? Level.INFO : Level.WARN, pair).log(
				"[{}] Another {} stored a pair, which is used now: serial number {}, valid until {}{}",
				byReplica ? "replica" : "program", pair.serialNumber(), pair.notAfter(),
				differences.isEmpty() ? ""
						: ". It was started later and has another template, or is another application, which needs its own 'store.secret': "
								+ String.join("; ", differences));
	}

	/** A request for another signer is stored, and so is left alone. */
	static void tolerated(RotationSettings settings, CertificateRequest request, Instant end) {
		about(settings, Level.INFO, request).log(
				"[{}] Another replica has stored request {} to {}, which has another signer than this one: it is left alone until {}, and nothing is requested before",
				request.name(), request.signer().describe(), end.truncatedTo(ChronoUnit.SECONDS));
	}

	static void restored(RotationSettings settings, CertificatePair pair) {
		about(settings, Level.INFO, pair).log(
				"[{}] {} did not contain the pair in use with its authorities, which has been stored there",
				settings.store());
	}

	/** A request was answered with a pair, which is current now. */
	static void rotated(RotationSettings settings, State before, State state, boolean byReplica, Instant now) {
		CertificateRequest request = Objects.requireNonNull(before.pending()).request().request();
		CertificatePair pair = Objects.requireNonNull(state.pair());
		LoggingEventBuilder entry = about(settings, Level.INFO, pair).addKeyValue("kubelet.cert.trigger",
				state.lastTrigger());
		String trigger = inWords(state.lastTrigger());
		if (byReplica) {
			entry.log("[{}] {}: the certificate was stored by another replica", trigger);
			return;
		}
		entry.addKeyValue("kubelet.cert.request", request.name())
			.addKeyValue("kubelet.cert.signer", request.signer())
			.log("[{}] {}: serial number {}, valid until {}, next rotation {} (request {} to {})", trigger,
					pair.serialNumber(), pair.notAfter(),
					state.policy().keepsValidPair() ? "none, because rotation is off"
							: state.deadline(now).truncatedTo(ChronoUnit.SECONDS),
					request.name(), request.signer().describe());
		List<String> additionalNames = state.past().rotations().history().get(0).additionalNames();
		if (!additionalNames.isEmpty()) {
			about(settings, Level.WARN, pair).log(
					"[{}] The certificate has names that were not requested: {}. Peers accept the application under these names too. If they are not meant, have the signer leave them out",
					additionalNames);
		}
	}

	/** The rotation of a pair that has just come is due. */
	static void dueAtOnce(RotationSettings settings, CertificatePair pair, boolean adopted, State state, Instant now) {
		Duration over = Duration.between(pair.notBefore(), now);
		about(settings, Level.WARN, pair)
			.log((adopted ? "[{}] The certificate that another process has stored has {} % of its lifetime over: {}"
					: "[{}] The certificate was issued with {} % of its lifetime over: {}")
					+ ". It is rotated in {}, and the next ones after pauses of up to an hour, but before they expire",
					(long) (100 * RotationWindow.over(pair, now)), cause(over, state, now),
					ReadableDuration.of(Duration.between(now, state.deadline(now))));
	}

	private static String cause(Duration over, State state, Instant now) {
		Duration ahead = state.dueAtOnce().ahead();
		if (ahead == null) {
			return "the signer backdates it, or this clock is ahead by about " + ReadableDuration.of(over);
		}
		return state.current().deadline().isAfter(now.minus(ahead))
				? "this clock is ahead of the API server's by about %s: set it".formatted(ReadableDuration.of(ahead))
				: "the signer backdates it: have it issue a longer lifetime, or from the time of the request on";
	}

	private static String inWords(Trigger trigger) {
		return switch (trigger) {
			case FIRST -> "Obtained the first certificate";
			case DEADLINE -> "Rotated at the deadline";
			case TEMPLATE -> "Rotated to match the template";
			case REQUESTED -> "Rotated on request";
			case RESUMED -> "Rotated because another process had requested it";
			case EXPIRED -> "Rotated after the expiry";
			case NOT_YET_VALID -> "Rotated because the certificate was not valid yet";
			case DAMAGED -> "Rotated because the stored pair was not accepted here, or lacked its authority";
		};
	}

}
