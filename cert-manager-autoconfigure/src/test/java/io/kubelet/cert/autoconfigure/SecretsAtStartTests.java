package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.sun.net.httpserver.HttpServer;
import io.kubelet.cert.testsupport.CertificateContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with several certificates in Secrets starts with an API server that is
 * slow to answer.
 */
class SecretsAtStartTests {

	@TempDir
	Path directory;

	@Test
	void allSecretsAreReadAtTheSameTime() throws IOException {
		AtomicInteger asked = new AtomicInteger();
		CompletableFuture<Boolean> all = new CompletableFuture<>();
		Queue<Boolean> answeredWhenAllWereAsked = new ConcurrentLinkedQueue<>();
		ExecutorService threads = Executors.newCachedThreadPool();
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		server.setExecutor(threads);
		server.createContext("/api/v1/namespaces/default/secrets/", (exchange) -> {
			if (asked.incrementAndGet() == 3) {
				all.complete(true);
			}
			answeredWhenAllWereAsked.add(all.copy().completeOnTimeout(false, 5, TimeUnit.SECONDS).join());
			// There is no such Secret
			exchange.sendResponseHeaders(404, -1);
			exchange.close();
		});
		server.start();
		Path kubeconfig = CertificateContexts.writeKubeconfig(this.directory.resolve("kubeconfig"),
				"http://127.0.0.1:" + server.getAddress().getPort());
		CertificateContexts.runner(this.directory)
			.withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig, "kubelet.cert.pair-name=a",
					"kubelet.cert.store.type=secret", "kubelet.cert.store.copy=false",
					"kubelet.cert.startup.mode=background", "kubelet.cert.additional.b.template.common-name=b",
					"kubelet.cert.additional.c.template.common-name=c")
			.run((context) -> assertThat(answeredWhenAllWereAsked).hasSizeGreaterThanOrEqualTo(3)
				.doesNotContain(false));
		server.stop(0);
		threads.shutdownNow();
	}

}
