package io.kubelet.cert.benchmark;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationWindow;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What is done with the pair that is current.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StoredPair {

	private final Engine engine;

	private final CertificateManager manager;

	private final CertificatePair pair;

	private final String pem;

	/** Stores a pair and creates its manager. */
	public StoredPair() {
		Path directory = Certificates.directory();
		Certificates.store(directory, 1);
		this.engine = new Engine(directory.resolve("no-kubeconfig"), directory, 1, false);
		this.manager = this.engine.first();
		this.pair = this.manager.current().orElseThrow();
		this.pem = Pem.write(this.pair);
	}

	/** Stops the engine. */
	@TearDown
	public void stop() {
		this.engine.close();
	}

	/**
	 * Reads the current pair.
	 * @return the pair
	 */
	@Benchmark
	public Optional<CertificatePair> current() {
		return this.manager.current();
	}

	/**
	 * Chooses a rotation deadline.
	 * @return the deadline
	 */
	@Benchmark
	public Instant deadline() {
		return RotationWindow.KUBELET.deadline(this.pair, ThreadLocalRandom.current().nextDouble());
	}

	/**
	 * Parses a pair.
	 * @return the pair
	 */
	@Benchmark
	public CertificatePair readPem() {
		return Pem.readPair(this.pem);
	}

	/**
	 * Writes a pair.
	 * @return the PEM text
	 */
	@Benchmark
	public String writePem() {
		return Pem.write(this.pair);
	}

}
