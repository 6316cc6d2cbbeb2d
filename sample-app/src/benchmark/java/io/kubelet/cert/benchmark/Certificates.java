package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;

/**
 * First certificates, and certificates that are stored already.
 */
final class Certificates {

	private static final Duration PATIENCE = Duration.ofMinutes(10);

	private Certificates() {
	}

	/** Starts the managers and waits until each has a certificate. */
	static void awaitFirst(CertificateManagers managers) throws InterruptedException {
		long end = System.nanoTime() + PATIENCE.toNanos();
		managers.start();
		for (CertificateManager manager : managers) {
			while (manager.current().isEmpty()) {
				if (System.nanoTime() > end) {
					throw new IllegalStateException("There is no certificate yet: " + manager.status());
				}
				Thread.sleep(1);
			}
		}
	}

	/** Creates a directory for pair files. */
	static Path directory() {
		try {
			return Files.createTempDirectory("benchmark");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Stores a valid pair for each certificate of an engine. */
	static void store(Path directory, int certificates) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start()) {
			for (int number = 0; number < certificates; number++) {
				store(directory, Engine.name(number),
						plane.issueClientCertificate(Engine.commonName(number), Engine.ORGANIZATION));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Stores a pair as the file store does, but without forced writes. */
	static Path store(Path directory, String name, ClientCertificate pair) throws IOException {
		Path file = directory.resolve(name + "-2026-01-01-00-00-00.pem");
		Files.writeString(file, pair.certificatePem() + pair.keyPem());
		Files.createSymbolicLink(directory.resolve(name + "-current.pem"), file.getFileName());
		return file;
	}

}
