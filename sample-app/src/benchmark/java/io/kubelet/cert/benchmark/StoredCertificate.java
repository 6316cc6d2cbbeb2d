package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.kubelet.cert.test.EmbeddedControlPlane;

/**
 * A certificate that an application finds when it starts.
 *
 * @param pair the file with the certificate and its key
 * @param authority the file with the certificate authority
 */
record StoredCertificate(Path pair, Path authority) {

	static final String NAME = "web";

	static StoredCertificate write(Path directory) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start()) {
			Path authority = Files.writeString(directory.resolve("authority.pem"), plane.caPem());
			Path pair = Certificates.store(directory, NAME, plane.issueClientCertificate(NAME, "benchmark"));
			return new StoredCertificate(pair, authority);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** The arguments of an application with the starter. */
	String[] arguments() {
		return new String[] { "--kubelet.cert.pair-name=" + NAME, "--kubelet.cert.cert-dir=" + this.pair.getParent(),
				"--kubelet.cert.signer-name=example.com/benchmark", "--kubelet.cert.template.common-name=" + NAME,
				"--kubelet.cert.ssl.trust-file=" + this.authority, "--benchmark.bundle=" + NAME };
	}

	/** The arguments of an application without the starter. */
	String[] plainArguments() {
		String store = "--spring.ssl.bundle.pem." + NAME + ".keystore.";
		return new String[] { store + "certificate=file:" + this.pair, store + "private-key=file:" + this.pair,
				"--spring.ssl.bundle.pem." + NAME + ".truststore.certificate=file:" + this.authority,
				"--server.ssl.bundle=" + NAME };
	}

}
