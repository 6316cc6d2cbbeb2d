package io.kubelet.cert.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import org.jspecify.annotations.Nullable;

/**
 * Listens for HTTPS on the loopback address, and can stop to listen and come back on the
 * same port.
 */
final class HttpFrontEnd {

	static {
		// Without it each answer waits 40 ms for the acknowledgement of its headers
		if (System.getProperty("sun.net.httpserver.nodelay") == null) {
			System.setProperty("sun.net.httpserver.nodelay", "true");
		}
	}

	private static final String THREADS = "embedded-control-plane-http-";

	private final SSLContext tls;

	private final AtomicInteger connections = new AtomicInteger();

	private final AtomicInteger threads = new AtomicInteger();

	private int port;

	private @Nullable Listener listener;

	/**
	 * Create a front end.
	 * @param port the port; 0 for a free one
	 */
	HttpFrontEnd(int port, SSLContext tls) {
		this.port = port;
		this.tls = tls;
	}

	/**
	 * Bind the port and, later, listen.
	 * @return the port
	 */
	synchronized int bind() {
		if (this.listener == null) {
			try {
				InetSocketAddress address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), this.port);
				HttpsServer server = HttpsServer.create(address, 0);
				this.port = server.getAddress().getPort();
				ExecutorService executor = Executors.newCachedThreadPool(this::thread);
				server.setExecutor(executor);
				server.setHttpsConfigurator(configurator());
				this.listener = new Listener(server, executor);
			}
			catch (IOException ex) {
				throw new UncheckedIOException("The embedded control plane cannot listen on port " + this.port, ex);
			}
		}
		return this.port;
	}

	/** Listen on the bound port. */
	synchronized void start(ApiServer api) {
		Listener current = this.listener;
		if (current != null) {
			current.server().createContext("/", (exchange) -> handle(exchange, api));
			// Threads of the server inherit from the one that starts it that they are
			// daemons
			onDaemonThread(() -> {
				current.server().start();
				return null;
			});
		}
	}

	/** Stop to listen, and end all connections. */
	synchronized void stop() {
		Listener current = this.listener;
		this.listener = null;
		if (current != null) {
			current.executor().shutdownNow();
			current.server().stop(0);
			try {
				current.executor().awaitTermination(5, TimeUnit.SECONDS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/** How many TLS connections were accepted, whatever became of them. */
	int connections() {
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
	private void handle(HttpExchange exchange, ApiServer api) throws IOException {
		ApiRequest request = ApiRequest.of(exchange.getRequestMethod(), exchange.getRequestURI(),
				header(exchange, "Content-Type"), header(exchange, "Accept"), exchange.getRequestBody().readAllBytes());
		ApiResponse response = api.answer(request, header(exchange, "Authorization"), certificates(exchange));
		if (response instanceof ApiResponse.Answer answer) {
			send(exchange, answer);
		}
		else if (response instanceof ApiResponse.Stream stream) {
			send(exchange, stream);
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

	private static void send(HttpExchange exchange, ApiResponse.Stream stream) throws IOException {
		exchange.getResponseHeaders().set("Content-Type", "application/json");
		exchange.sendResponseHeaders(200, 0);
		stream.source().writeTo(exchange.getResponseBody());
	}

	private static String header(HttpExchange exchange, String name) {
		String value = exchange.getRequestHeaders().getFirst(name);
		return (value != null) ? value : "";
	}

	private static List<X509Certificate> certificates(HttpExchange exchange) {
		try {
			Certificate[] chain = ((HttpsExchange) exchange).getSSLSession().getPeerCertificates();
			return Arrays.stream(chain).map(X509Certificate.class::cast).toList();
		}
		catch (SSLPeerUnverifiedException ex) {
			return List.of();
		}
	}

	private Thread thread(Runnable task) {
		Thread thread = new Thread(task, THREADS + this.threads.incrementAndGet());
		thread.setDaemon(true);
		return thread;
	}

	private void onDaemonThread(Callable<@Nullable Void> task) {
		FutureTask<@Nullable Void> future = new FutureTask<>(task);
		thread(future).start();
		try {
			future.get();
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("The embedded control plane cannot start", ex.getCause());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while the embedded control plane starts", ex);
		}
	}

	private record Listener(HttpsServer server, ExecutorService executor) {

	}

}
