package io.kubelet.cert.benchmark;

import java.security.KeyPair;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A key pair, and the PKCS#10 request for it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class KeyAndRequest {

	private final KeyPairSource source = KeyPairSource.jdk();

	/** The kind of key. */
	@Param({ "EC 256", "EC 384", "RSA 2048", "ED25519 256" })
	public String algorithm = "EC 256";

	private KeySpecification specification = KeySpecification.EC_P256;

	private KeyPair keys = this.source.generate(this.specification);

	/** Makes a key for the requests. */
	@Setup
	public void prepare() {
		String[] words = this.algorithm.split(" ");
		this.specification = new KeySpecification(KeySpecification.Algorithm.valueOf(words[0]),
				Integer.parseInt(words[1]));
		this.keys = this.source.generate(this.specification);
	}

	/**
	 * Makes a key pair.
	 * @return the pair
	 */
	@Benchmark
	public KeyPair key() {
		return this.source.generate(this.specification);
	}

	/**
	 * Makes a request.
	 * @return the request
	 */
	@Benchmark
	public CertificateRequest request() {
		return CertificateRequests.create(null, Engine.template(0), Engine.SIGNER,
				Usage.defaults(Engine.SIGNER, Engine.template(0), this.keys.getPublic()), null, this.keys);
	}

}
