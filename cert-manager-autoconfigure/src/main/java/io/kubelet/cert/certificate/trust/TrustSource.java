package io.kubelet.cert.certificate.trust;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile;
import org.jspecify.annotations.Nullable;

/**
 * A place from which trust is read.
 *
 * @param origin returns where it is, as named in the log
 * @param version returns a value that changes when the content does; the first call may
 * wait for an API server, later ones cost little; does not throw once the content has
 * been read
 * @param trust reads the content; throws a {@link RuntimeException} whose message says
 * why it cannot be read
 * @param removed returns which authorities were removed before the content is read for
 * the first time, and when
 * @param changes takes a listener that it calls when the content changes; {@code null} if
 * nothing tells that, and version or content may block
 * @param files returns the files that it is read from, none if it tells its changes
 * @param problem returns why a change may not be noticed now, {@code null} if it is
 */
public record TrustSource(Supplier<?> origin, Supplier<?> version, Supplier<Trust> trust,
		Supplier<Map<X509Certificate, Instant>> removed, @Nullable Consumer<Runnable> changes,
		Supplier<List<Path>> files, Supplier<@Nullable String> problem) {

	/**
	 * Creates a source in files, of which it is not known what was removed earlier.
	 * @param origin returns where it is
	 * @param version returns a value that changes when the content does
	 * @param trust reads the content
	 * @param files returns the files
	 */
	public TrustSource(Supplier<?> origin, Supplier<?> version, Supplier<Trust> trust, Supplier<List<Path>> files) {
		this(origin, version, trust, Map::of, null, files, () -> null);
	}

	/**
	 * Creates a source that tells its changes.
	 * @param origin returns where it is
	 * @param version returns a value that changes when the content does
	 * @param trust reads the content
	 * @param removed returns which authorities were removed before, and when
	 * @param changes takes a listener that it calls when the content changes
	 */
	public TrustSource(Supplier<?> origin, Supplier<?> version, Supplier<Trust> trust,
			Supplier<Map<X509Certificate, Instant>> removed, Consumer<Runnable> changes) {
		this(origin, version, trust, removed, changes, List::of, () -> null);
	}

	/**
	 * Returns a source that never changes.
	 * @param origin where it is
	 * @param trust its content
	 * @return the source
	 */
	public static TrustSource fixed(String origin, Trust trust) {
		return new TrustSource(() -> origin, () -> trust, () -> trust, Map::of, (listener) -> {
		});
	}

	/**
	 * Returns a source that trusts exactly the certificates in a PEM file.
	 * @param file the file
	 * @return the source; reading it throws an {@link IllegalArgumentException} if the
	 * file is missing or contains no certificate
	 */
	public static TrustSource file(Path file) {
		return new TrustSource(() -> file, () -> versionOf(List.of(file)), () -> {
			try {
				return Trust.exactly(Pem.readCertificates(TextFile.read(file)));
			}
			catch (NoSuchFileException ex) {
				throw new IllegalArgumentException("There is no file " + file
						+ ", which must contain the certificates of the authorities in PEM form", ex);
			}
			catch (AccessDeniedException ex) {
				throw unusable(file, "permission denied", ex);
			}
			catch (IOException | MalformedPemException ex) {
				throw unusable(file, ex.getMessage(), ex);
			}
		}, () -> List.of(file));
	}

	private static IllegalArgumentException unusable(Path file, @Nullable String reason, Exception cause) {
		return new IllegalArgumentException(
				"The file " + file + " must contain the certificates of the authorities in PEM form: " + reason, cause);
	}

	/**
	 * Returns a value that changes when one of some files does.
	 * @param files the files
	 * @return the version
	 */
	public static Object versionOf(List<Path> files) {
		return files.stream().map(TrustSource::version).toList();
	}

	/** A projected volume changes its links, which changes the version of the file. */
	private static Object version(Path file) {
		try {
			return TextFile.Version.of(file);
		}
		catch (IOException ex) {
			return "unreadable";
		}
	}

}
