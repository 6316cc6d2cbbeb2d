package io.kubelet.cert;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Objects;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A TLS client that tells which certificate the server has presented.
 */
final class EndToEndClient {

	private final SSLContext context;

	private @Nullable X509Certificate certificate;

	/**
	 * Create a client.
	 * @param context what it presents and takes
	 */
	EndToEndClient(SSLContext context) {
		this.context = context;
	}

	/**
	 * Create a client that takes any certificate.
	 * @param pair what it presents, if anything
	 */
	static EndToEndClient presenting(@Nullable CertificatePair pair) throws GeneralSecurityException {
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(keyManagers(pair), InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
		return new EndToEndClient(context);
	}

	/** The certificate that the server has presented. */
	X509Certificate certificate() {
		return Objects.requireNonNull(this.certificate);
	}

	/** Get the JSON that a path answers, over a connection of its own. */
	String get(int port, String path) throws IOException {
		try (SSLSocket socket = (SSLSocket) this.context.getSocketFactory().createSocket("localhost", port)) {
			socket.getOutputStream()
				.write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").getBytes());
			this.certificate = (X509Certificate) socket.getSession().getPeerCertificates()[0];
			String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			assertThat(response).startsWith("HTTP/1.1 200");
			return response.substring(response.indexOf('{'), response.lastIndexOf('}') + 1);
		}
	}

	/** Returns the serial number of the certificate that an application presents. */
	static String served(ConfigurableApplicationContext context) throws IOException, GeneralSecurityException {
		EndToEndClient peer = EndToEndClient.presenting(null);
		peer.get(context.getEnvironment().getRequiredProperty("local.server.port", Integer.class), "/actuator/health");
		return CertificateNames.serialNumber(peer.certificate());
	}

	private static KeyManager @Nullable [] keyManagers(@Nullable CertificatePair pair) throws GeneralSecurityException {
		if (pair == null) {
			return null;
		}
		KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		factory.init(KeyStores.holding(pair, "client", ""), new char[0]);
		return factory.getKeyManagers();
	}

}
