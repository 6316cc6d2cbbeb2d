package io.kubelet.cert.ssl;

import javax.net.ssl.SSLException;

import io.kubelet.cert.ssl.RotatingServer.Kind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Servers with a bundle that limits protocols and cipher suites.
 *
 * @see LiveSslBundle
 */
class ServerOptionsTests {

	@ParameterizedTest
	@EnumSource
	void protocolAndCipherSuiteOfTheBundleAreTheOnlyOnes(Kind kind) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, "kubelet.cert.ssl.options.enabled-protocols=TLSv1.3",
				"kubelet.cert.ssl.options.ciphers=TLS_AES_128_GCM_SHA256")) {
			for (int rotation = 0; rotation < 2; rotation++) {
				assertThatExceptionOfType(SSLException.class).isThrownBy(() -> server.connect(null, "TLSv1.2"));
				try (Connection connection = server.connect()) {
					assertThat(connection.cipherSuite()).isEqualTo("TLS_AES_128_GCM_SHA256");
				}
				server.rotate("server");
			}
		}
	}

}
