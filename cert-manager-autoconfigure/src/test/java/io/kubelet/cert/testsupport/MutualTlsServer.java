package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;

/**
 * A server that is no part of the project and whose own certificate stays: it demands a
 * client certificate, answers with its serial number, and can stop to trust one, in
 * connections that it has accepted already too.
 */
public final class MutualTlsServer implements AutoCloseable {

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "mutual-tls-server");
		thread.setDaemon(true);
		return thread;
	});

	private final HttpsServer server;

	private final AtomicInteger connections = new AtomicInteger();

	private final Set<BigInteger> refused = ConcurrentHashMap.newKeySet();

	public MutualTlsServer(SSLContext context) throws IOException {
		this.server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
		this.server.setHttpsConfigurator(new HttpsConfigurator(context) {

			@Override
			public void configure(HttpsParameters parameters) {
				MutualTlsServer.this.connections.incrementAndGet();
				SSLParameters ssl = context.getDefaultSSLParameters();
				ssl.setNeedClientAuth(true);
				parameters.setSSLParameters(ssl);
			}

		});
		this.server.setExecutor(this.threads);
		this.server.createContext("/", this::answer);
		this.server.start();
	}

	public URI uri() {
		return URI.create("https://localhost:" + this.server.getAddress().getPort() + "/");
	}

	/** How many connections were accepted. */
	public int connections() {
		return this.connections.get();
	}

	/** Stop to trust a certificate. */
	public void refuse(X509Certificate certificate) {
		this.refused.add(certificate.getSerialNumber());
	}

	private void answer(HttpExchange exchange) throws IOException {
		try (exchange) {
			X509Certificate client = (X509Certificate) ((HttpsExchange) exchange).getSSLSession()
				.getPeerCertificates()[0];
			byte[] body = client.getSerialNumber().toString(16).getBytes();
			exchange.getRequestBody().readAllBytes();
			exchange.sendResponseHeaders(this.refused.contains(client.getSerialNumber()) ? 403 : 200, body.length);
			exchange.getResponseBody().write(body);
		}
	}

	@Override
	public void close() {
		this.server.stop(0);
		this.threads.shutdownNow();
	}

}
