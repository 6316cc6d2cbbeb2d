package io.kubelet.cert.test.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import org.jspecify.annotations.Nullable;

/**
 * Listens for HTTPS on the loopback address, and can stop listening and come back on the
 * same port.
 */
public final class HttpFrontEnd {

	static {
		// Without it each answer waits 40 ms for the acknowledgement of its headers
		if (System.getProperty("sun.net.httpserver.nodelay") == null) {
			System.setProperty("sun.net.httpserver.nodelay", "true");
		}
	}

	private static final String LOOPBACK = "127.0.0.1";

	private final SSLContext tls;

	private final Handler handler;

	private final AtomicInteger connections = new AtomicInteger();

	private volatile int port;

	private @Nullable HttpsServer server;

	/** Is bound to the port, but does not listen: connections are refused. */
	private @Nullable Socket reservation;

	/**
	 * Create a front end.
	 * @param port the port; 0 for a free one
	 * @param handler answers the requests, on several threads
	 */
	public HttpFrontEnd(int port, SSLContext tls, Handler handler) {
		this.port = port;
		this.tls = tls;
		this.handler = handler;
	}

	/** Listen, unless it does so already. */
	public synchronized void start() {
		if (this.server != null) {
			return;
		}
		release();
		try {
			HttpsServer started = HttpsServer.create(new InetSocketAddress(LOOPBACK, this.port), 0);
			ExecutorService executor = Executors.newCachedThreadPool(HttpFrontEnd::thread);
			started.setExecutor(executor);
			started.setHttpsConfigurator(configurator());
			started.createContext("/", (exchange) -> handle((HttpsExchange) exchange));
			// The server's own threads are daemons if the one that starts it is
			CompletableFuture.runAsync(started::start, executor).join();
			this.port = started.getAddress().getPort();
			this.server = started;
		}
		catch (IOException ex) {
			throw cannotListen(ex);
		}
	}

	/**
	 * Stops listening, and ends all connections. Others who ask for a free port do not
	 * get this one.
	 */
	public synchronized void pause() {
		if (this.server == null) {
			return;
		}
		stop();
		try {
			this.reservation = new Socket();
			this.reservation.setReuseAddress(true);
			this.reservation.bind(new InetSocketAddress(LOOPBACK, this.port));
		}
		catch (IOException ex) {
			throw cannotListen(ex);
		}
	}

	/** Stops listening, and ends all connections. */
	public synchronized void stop() {
		release();
		HttpsServer current = this.server;
		this.server = null;
		if (current != null) {
			ExecutorService executor = (ExecutorService) current.getExecutor();
			executor.shutdownNow();
			current.stop(0);
			try {
				executor.awaitTermination(5, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	private void release() {
		try {
			if (this.reservation != null) {
				this.reservation.close();
			}
		}
		catch (IOException ex) {
			throw cannotListen(ex);
		}
	}

	private UncheckedIOException cannotListen(IOException cause) {
		return new UncheckedIOException("The embedded control plane cannot listen on port " + this.port, cause);
	}

	/** The port, once it has listened. */
	public int port() {
		return this.port;
	}

	/** How many TLS connections were accepted, whatever became of them. */
	public int connections() {
		return this.connections.get();
	}

	private HttpsConfigurator configurator() {
		return new HttpsConfigurator(this.tls) {

			@Override
			public void configure(HttpsParameters parameters) {
				HttpFrontEnd.this.connections.incrementAndGet();
				SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
				ssl.setProtocols(new String[] { "TLSv1.3", "TLSv1.2" });
				ssl.setWantClientAuth(true);
				parameters.setSSLParameters(ssl);
			}

		};
	}

	/**
	 * An exchange is closed where it ends well; one that throws has its connection cut.
	 */
	private void handle(HttpsExchange exchange) throws IOException {
		ApiResponse response = this.handler.answer(new ApiRequest(exchange));
		if (response instanceof ApiResponse.Answer answer) {
			send(exchange, answer);
		}
		else if (response instanceof ApiResponse.Stream stream) {
			stream.source().writeTo(() -> {
				exchange.getResponseHeaders().set("Content-Type", "application/json");
				exchange.sendResponseHeaders(200, 0);
				return exchange.getResponseBody();
			});
		}
		exchange.close();
	}

	private static void send(HttpExchange exchange, ApiResponse.Answer answer) throws IOException {
		byte[] content = answer.body().getBytes(StandardCharsets.UTF_8);
		exchange.getResponseHeaders().set("Content-Type", answer.contentType());
		answer.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
		exchange.sendResponseHeaders(answer.status(), content.length);
		exchange.getResponseBody().write(content);
	}

	private static Thread thread(Runnable task) {
		Thread thread = new Thread(task, "embedded-control-plane-http");
		thread.setDaemon(true);
		return thread;
	}

	/**
	 * Answers requests.
	 */
	@FunctionalInterface
	public interface Handler {

		/**
		 * Answer a request.
		 * @throws ConnectionCut to cut the connection instead
		 */
		ApiResponse answer(ApiRequest request) throws IOException;

	}

}
