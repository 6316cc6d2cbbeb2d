package io.kubelet.cert.sample;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificateNames;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Looks, as a client would, at the certificate that the application's server presents.
 */
@Component
class PresentedCertificate {

	private static final Duration PATIENCE = Duration.ofSeconds(2);

	private final SslBundles bundles;

	private final Environment environment;

	PresentedCertificate(SslBundles bundles, Environment environment) {
		this.bundles = bundles;
		this.environment = environment;
	}

	/** A full handshake, since a new context has no session to resume. */
	Look look() {
		String bundle = this.environment.getRequiredProperty("server.ssl.bundle");
		int port = this.environment.getRequiredProperty("local.server.port", Integer.class);
		try (SSLSocket socket = (SSLSocket) this.bundles.getBundle(bundle)
			.createSslContext()
			.getSocketFactory()
			.createSocket()) {
			SSLParameters parameters = socket.getSSLParameters();
			parameters.setEndpointIdentificationAlgorithm("HTTPS");
			socket.setSSLParameters(parameters);
			socket.setSoTimeout((int) PATIENCE.toMillis());
			socket.connect(new InetSocketAddress("localhost", port), (int) PATIENCE.toMillis());
			X509Certificate presented = (X509Certificate) socket.getSession().getPeerCertificates()[0];
			return new Look(CertificateNames.serialNumber(presented), null);
		}
		catch (IOException ex) {
			return new Look(null, "the handshake failed");
		}
	}

	/**
	 * What a handshake showed.
	 *
	 * @param serialNumber the serial number in hexadecimal, {@code null} if the handshake
	 * failed
	 * @param problem what is wrong, {@code null} if nothing is
	 */
	record Look(@Nullable String serialNumber, @Nullable String problem) {

	}

}
