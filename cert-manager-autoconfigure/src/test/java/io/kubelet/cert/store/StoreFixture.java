package io.kubelet.cert.store;

import java.io.File;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.OutputCaptureExtension;

/**
 * A directory with pairs, and what is stored in it.
 */
@ExtendWith(OutputCaptureExtension.class)
abstract class StoreFixture {

	final SimulatedTime time = new SimulatedTime(ManagerFixture.START);

	final TestAuthority authority = new TestAuthority("authority");

	@TempDir
	Path directory;

	CertificatePair pair() {
		return this.authority.pair(ManagerFixture.TEMPLATE, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(1)));
	}

	static PendingRequest request() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new PendingRequest(CertificateRequests.create("csr", ManagerFixture.TEMPLATE,
				Signer.of("example.com/signer"), List.of(Usage.CLIENT_AUTH), null, keys), keys.getPrivate(), null,
				null);
	}

	TestStore store() {
		return store(null, 5);
	}

	TestStore store(@Nullable PairLocation initial, int retain) {
		return TestStore.files(this.directory, "kubelet-client", initial, retain, this.time);
	}

	/** Stores a pair as another process does, a second before the next one. */
	CertificatePair update() {
		CertificatePair pair = pair();
		store().update(pair);
		this.time.pass(Duration.ofSeconds(1));
		return pair;
	}

	Path current() {
		return file("-current.pem");
	}

	Path requestFile() {
		return file("-request.pem");
	}

	Path file(String suffix) {
		return this.directory.resolve("kubelet-client" + suffix);
	}

	List<Path> files(String names) {
		return Stream.of(this.directory.toFile().listFiles((directory, name) -> name.matches(names)))
			.map(File::toPath)
			.toList();
	}

	static Path aside(Path file) {
		return file.resolveSibling(file.getFileName() + ".damaged");
	}

	/** Returns the end of all, or the failure of one. */
	static CompletableFuture<Void> runAtTheSameTime(List<Runnable> processes) {
		return CompletableFuture.allOf(processes.stream()
			.map((process) -> CompletableFuture.runAsync(process, (task) -> new Thread(task).start()))
			.toArray(CompletableFuture[]::new));
	}

}
