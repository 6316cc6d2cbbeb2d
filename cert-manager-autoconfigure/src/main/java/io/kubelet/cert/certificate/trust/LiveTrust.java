package io.kubelet.cert.certificate.trust;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.TextFile;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The authorities that a source contains at the moment: each call reads the source again
 * if it has changed. An authority that is removed from the source remains trusted during
 * the overlap, because its certificates are still in use. If the source cannot be read,
 * the trust remains as it is, and the problem is logged once.
 */
public final class LiveTrust implements Supplier<Trust> {

	private static final Logger logger = LoggerFactory.getLogger(LiveTrust.class);

	private final Source source;

	private final Duration overlap;

	private final Clock clock;

	private final Map<X509Certificate, Instant> leaving = new LinkedHashMap<>();

	private Source.@Nullable Reading reading;

	private boolean unreadable;

	/**
	 * Creates trust that follows a source without any overlap. The first call reads the
	 * source.
	 * @param source the source
	 */
	public LiveTrust(Source source) {
		this(source, Duration.ZERO, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
	}

	/**
	 * Creates trust that follows a source. The first call reads the source.
	 * @param source the source
	 * @param overlap how long an authority remains trusted after its removal
	 * @param clock the clock
	 */
	public LiveTrust(Source source, Duration overlap, Clock clock) {
		this.source = source;
		this.overlap = overlap;
		this.clock = clock;
	}

	/**
	 * Returns a manager that checks each peer against the authorities that are trusted at
	 * the time.
	 * @param trust returns the current trust
	 * @return the manager
	 */
	public static X509ExtendedTrustManager manager(Supplier<Trust> trust) {
		return manager(trust, (transport) -> {
		});
	}

	/**
	 * Returns such a manager that reports the handshakes of clients.
	 * @param trust returns the current trust
	 * @param handshakes accepts the socket or engine of each handshake in which a server
	 * is checked
	 * @return the manager
	 */
	public static X509ExtendedTrustManager manager(Supplier<Trust> trust, Consumer<Object> handshakes) {
		return new LiveTrustManager(trust, handshakes);
	}

	/**
	 * Returns the trust of this moment.
	 * @return the trust; equal to the one before until it changes
	 * @throws RuntimeException if the source has never been read and cannot be read now
	 */
	@Override
	public synchronized Trust get() {
		Instant now = this.clock.instant();
		Source.Reading before = this.reading;
		Source.Reading reading = (before == null) ? this.source.read()
				: before.isOutdated() ? readAgain(before, now) : before;
		this.reading = reading;
		this.leaving.values().removeIf((end) -> !now.isBefore(end));
		return withLeaving(reading.trust());
	}

	private Source.Reading readAgain(Source.Reading before, Instant now) {
		Source.Reading kept = before.kept();
		try {
			Source.Reading after = this.source.read();
			if (!after.trust().equals(before.trust())) {
				change(before.trust(), after, now);
			}
			else if (this.unreadable) {
				logger.info("The certificate authorities in {} can be read again", after.origin());
			}
			this.unreadable = false;
			return after;
		}
		catch (RuntimeException ex) {
			this.unreadable = true;
			logger.error("{}; the certificate authorities that were read before remain trusted", ex.getMessage());
			return kept;
		}
	}

	private void change(Trust before, Source.Reading after, Instant now) {
		this.leaving.keySet().removeAll(after.trust().authorities());
		int leaving = 0;
		if (before instanceof Trust.Exactly && after.trust() instanceof Trust.Exactly) {
			for (X509Certificate authority : before.authorities()) {
				if (!after.trust().authorities().contains(authority)) {
					this.leaving.put(authority, now.plus(this.overlap));
					leaving++;
				}
			}
		}
		logger.info("The certificate authorities in {} have changed: {} trusted now{}{}", after.origin(),
				after.trust().authorities().size(), (leaving > 0) ? ", %d removed".formatted(leaving) : "",
				(leaving > 0 && !this.overlap.isZero())
						? " and trusted for another " + ReadableDuration.of(this.overlap) : "");
	}

	private Trust withLeaving(Trust trust) {
		return (trust instanceof Trust.Exactly && !this.leaving.isEmpty())
				? Trust.exactly(Stream.concat(trust.authorities().stream(), this.leaving.keySet().stream()).toList())
				: trust;
	}

	/**
	 * A place from which trust is read.
	 */
	@FunctionalInterface
	public interface Source {

		/**
		 * Reads the source.
		 * @return its current content
		 * @throws RuntimeException if it cannot be read; the message says why
		 */
		Reading read();

		/**
		 * Returns a source that trusts exactly the certificates in a PEM file.
		 * @param file the file
		 * @return the source; reading it throws an {@link IllegalArgumentException} if
		 * the file is missing or contains no certificate
		 */
		static Source file(Path file) {
			return () -> {
				Object version = Reading.versionOf(List.of(file));
				try {
					return Reading.of(List.of(file), version, Trust.exactly(Pem.readCertificates(TextFile.read(file))));
				}
				catch (NoSuchFileException ex) {
					throw new IllegalArgumentException("There is no file " + file
							+ ", which must contain the certificates of the authorities in PEM form", ex);
				}
				catch (IOException | MalformedPemException ex) {
					throw new IllegalArgumentException("The file " + file
							+ " must contain the certificates of the authorities in PEM form: " + ex.getMessage(), ex);
				}
			};
		}

		/**
		 * The content of a source at one time.
		 *
		 * @param origin where it comes from, as named in the log
		 * @param version the version of the source that was read
		 * @param latest returns the version of the source at the time of the call
		 * @param trust the trust
		 */
		record Reading(Object origin, Object version, Supplier<Object> latest, Trust trust) {

			/**
			 * Returns a reading of files.
			 * @param files the files
			 * @param version their {@linkplain #versionOf(List) version} before they were
			 * read
			 * @param trust the trust
			 * @return the reading
			 */
			public static Reading of(List<Path> files, Object version, Trust trust) {
				return new Reading(files, version, () -> versionOf(files), trust);
			}

			/**
			 * Returns a value that changes when one of some files does.
			 * @param files the files
			 * @return the version
			 */
			public static Object versionOf(List<Path> files) {
				return files.stream().map(Reading::version).toList();
			}

			/** Whether the source has changed since. */
			boolean isOutdated() {
				return !this.latest.get().equals(this.version);
			}

			/**
			 * Returns the same trust, not outdated until the source changes once more.
			 */
			Reading kept() {
				return new Reading(this.origin, this.latest.get(), this.latest, this.trust);
			}

			/**
			 * A projected volume changes its links, which changes the version of the
			 * file.
			 */
			private static Object version(Path file) {
				try {
					return TextFile.Version.of(file);
				}
				catch (IOException ex) {
					return "unreadable";
				}
			}

		}

	}

}
