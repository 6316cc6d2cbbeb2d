package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kubelet.cert.testsupport.CertificateContexts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with several certificates in Secrets starts with an API server that is
 * slow to answer.
 */
class SecretsAtStartTests {

	private static final String SECRETS = "/api/v1/namespaces/default/secrets";

	private final CountDownLatch all = new CountDownLatch(3);

	private final Queue<String> answeredBeforeAllWereAsked = new ConcurrentLinkedQueue<>();

	private final ExecutorService threads = Executors.newCachedThreadPool();

	@SuppressWarnings("NullAway.Init")
	private HttpServer server;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@BeforeEach
	void startServer() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.createContext(SECRETS + "/", this::answer);
		this.server.setExecutor(this.threads);
		this.server.start();
	}

	@AfterEach
	void stopServer() {
		this.server.stop(0);
		this.threads.shutdownNow();
	}

	@Test
	void allSecretsAreReadAtTheSameTime() throws IOException {
		Path kubeconfig = CertificateContexts.writeKubeconfig(this.directory.resolve("kubeconfig"),
				"http://127.0.0.1:" + this.server.getAddress().getPort());
		CertificateContexts.runner(this.directory)
			.withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig, "kubelet.cert.pair-name=a",
					"kubelet.cert.store.type=secret", "kubelet.cert.store.copy=false",
					"kubelet.cert.startup.mode=background", "kubelet.cert.additional.b.template.common-name=b",
					"kubelet.cert.additional.c.template.common-name=c")
			.run((context) -> assertThat(this.all.getCount()).isZero());
		assertThat(this.answeredBeforeAllWereAsked).isEmpty();
	}

	/** There is no such Secret. */
	private void answer(HttpExchange exchange) throws IOException {
		try (exchange) {
			this.all.countDown();
			if (!this.all.await(5, TimeUnit.SECONDS)) {
				this.answeredBeforeAllWereAsked.add(exchange.getRequestURI().getPath());
			}
			exchange.sendResponseHeaders(404, -1);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
