package io.kubelet.cert.autoconfigure;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLPeerUnverifiedException;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import okhttp3.Call;
import okhttp3.Request;
import okhttp3.Response;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

/**
 * A server that speaks nothing but HTTP/2, asks for a client certificate, and answers
 * with its serial number once it is told to.
 */
final class Http2Server implements AutoCloseable {

	private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();

	private final Map<SocketAddress, String> connections = new LinkedHashMap<>();

	private final AtomicInteger requests = new AtomicInteger();

	private final TestAuthority authority;

	private final DisposableServer server;

	Http2Server(TestAuthority authority) {
		this.authority = authority;
		CertificatePair pair = authority.pair(
				CertificateTemplate.ofSubject("server").withDnsNames(List.of("localhost")),
				Instant.now().minusSeconds(60), Instant.now().plusSeconds(600));
		GenericSslContextSpec<SslContextBuilder> tls = Http2SslContextSpec.forServer(pair.privateKey(), pair.leaf())
			.configure((builder) -> builder.clientAuth(ClientAuth.OPTIONAL)
				.trustManager(InsecureTrustManagerFactory.INSTANCE));
		this.server = HttpServer.create()
			.host("localhost")
			.protocol(HttpProtocol.H2)
			.secure((spec) -> spec.sslContext(tls))
			.handle((request, response) -> {
				String serial = serial(request);
				this.requests.incrementAndGet();
				return response.sendString(Mono.fromFuture(this.released, true).thenReturn(serial));
			})
			.bindNow();
	}

	/** A client that trusts this server, and waits for answers without a limit. */
	ApiClient client() {
		return new ApiClient().setReadTimeout(0)
			.setBasePath("https://localhost:" + this.server.port())
			.setSslCaCert(new ByteArrayInputStream(Pem.write(List.of(this.authority.certificate())).getBytes()));
	}

	/** Make a call that is answered when all are released, and wait until it is here. */
	CompletableFuture<String> hold(ApiClient client) {
		int before = this.requests.get();
		Call call = client.getHttpClient().newCall(new Request.Builder().url(client.getBasePath()).build());
		CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
			try (Response response = call.execute()) {
				return response.body().string();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}, (task) -> new Thread(task).start());
		Awaitility.await().until(() -> this.requests.get() > before || answer.isDone());
		return answer;
	}

	void release() {
		this.released.complete(null);
	}

	/** The serial number that was presented in each connection. */
	synchronized List<String> presented() {
		return List.copyOf(this.connections.values());
	}

	private synchronized String serial(HttpServerRequest request) {
		String[] serial = new String[1];
		request.withConnection((connection) -> {
			Channel channel = connection.channel().parent();
			serial[0] = this.connections.computeIfAbsent(channel.remoteAddress(), (address) -> presented(channel));
		});
		return serial[0];
	}

	private static String presented(Channel channel) {
		try {
			return CertificateNames.serialNumber((X509Certificate) channel.pipeline()
				.get(SslHandler.class)
				.engine()
				.getSession()
				.getPeerCertificates()[0]);
		}
		catch (SSLPeerUnverifiedException ex) {
			return "none";
		}
	}

	@Override
	public void close() {
		this.server.disposeNow(Duration.ofSeconds(5));
	}

}
