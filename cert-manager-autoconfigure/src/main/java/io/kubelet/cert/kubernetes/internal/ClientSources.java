package io.kubelet.cert.kubernetes.internal;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.trust.TrustSource;
import org.jspecify.annotations.Nullable;

/**
 * What a client is created from, so that it is known when another one has to be created.
 */
final class ClientSources {

	private final List<Path> files = new ArrayList<>();

	private final List<Object> versions = new ArrayList<>();

	private volatile boolean expiring;

	private volatile @Nullable Instant expiresAt;

	/** Adds files that are read afterwards, whose versions are noted before. */
	void add(Stream<Path> files) {
		files.forEach((file) -> {
			this.files.add(file);
			this.versions.add(version(file));
		});
	}

	/**
	 * Adds credentials that may be of no use later although no file is replaced.
	 * @param expiresAt when they are of no use any more, {@code null} if that is not
	 * known
	 */
	void addExpiring(@Nullable Instant expiresAt) {
		this.expiring = true;
		this.expiresAt = expiresAt;
	}

	boolean isExpiring() {
		return this.expiring;
	}

	boolean hasExpired(Instant now) {
		Instant expiresAt = this.expiresAt;
		return expiresAt != null && now.isAfter(expiresAt);
	}

	/**
	 * Calls a listener once a file has been replaced since its version was noted.
	 * @param changes tells when files may have changed
	 * @param listener may be called more than once; must not block
	 * @return ends this
	 */
	Runnable follow(FileChanges changes, Runnable listener) {
		if (this.files.isEmpty()) {
			return () -> {
			};
		}
		return changes.follow(() -> this.files, () -> {
			if (!this.files.stream().map(ClientSources::version).toList().equals(this.versions)) {
				listener.run();
			}
		}, (late) -> {
			// The client is used as it is
		}, Duration.ZERO);
	}

	private static Object version(Path file) {
		return TrustSource.versionOf(List.of(file));
	}

}
