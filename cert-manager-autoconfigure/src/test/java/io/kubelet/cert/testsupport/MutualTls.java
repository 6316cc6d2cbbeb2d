package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.Trust;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

/**
 * A TLS server that requires a certificate of its clients.
 */
public final class MutualTls {

	private static final int TIMEOUT_MILLIS = 30_000;

	private MutualTls() {
	}

	/**
	 * Whether a server with a bundle accepts a client with a pair, which trusts it.
	 * @param serverAuthority the authority of the server
	 */
	public static boolean accepts(SslBundle bundle, X509Certificate serverAuthority, CertificatePair client)
			throws IOException {
		SSLContext context = SslBundle
			.of(SslStoreBundle.of(KeyStores.holding(client, "client", ""), "",
					Trust.exactly(List.of(serverAuthority)).store()))
			.createSslContext();
		InetAddress loopback = InetAddress.getLoopbackAddress();
		try (SSLServerSocket server = (SSLServerSocket) bundle.createSslContext()
			.getServerSocketFactory()
			.createServerSocket(0, 1, loopback)) {
			server.setNeedClientAuth(true);
			server.setSoTimeout(TIMEOUT_MILLIS);
			CompletableFuture<Boolean> connected = CompletableFuture
				.supplyAsync(() -> connects(context, loopback, server.getLocalPort()));
			try (SSLSocket accepted = (SSLSocket) server.accept()) {
				accepted.setSoTimeout(TIMEOUT_MILLIS);
				accepted.startHandshake();
				accepted.getOutputStream().write(1);
				return true;
			}
			catch (SSLException ex) {
				return false;
			}
			finally {
				connected.join();
			}
		}
	}

	private static boolean connects(SSLContext context, InetAddress address, int port) {
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(address, port)) {
			socket.setSoTimeout(TIMEOUT_MILLIS);
			return socket.getInputStream().read() == 1;
		}
		catch (IOException ex) {
			return false;
		}
	}

}
