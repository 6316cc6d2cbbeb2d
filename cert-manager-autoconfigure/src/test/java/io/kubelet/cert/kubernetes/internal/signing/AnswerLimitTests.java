package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.ForwardingSource;
import okio.Okio;
import okio.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * A server that sends too much, or to another server, harms neither the memory nor the
 * secrets of the application.
 *
 * @see io.kubelet.cert.kubernetes.internal.watch.WatchJson
 * @see io.kubelet.cert.kubernetes.internal.watch.Reflector
 */
class AnswerLimitTests {

	private static final int MEBIBYTE = 1024 * 1024;

	/** Enough to end an application with a small heap. */
	private static final int MUCH = 256 * MEBIBYTE;

	/** The limit, and what is read at a time. */
	private static final int READ_AT_MOST = 5 * MEBIBYTE;

	@AutoClose
	private final Adapter adapter = new Adapter();

	private final AtomicLong read = new AtomicLong();

	private final AtomicInteger redirected = new AtomicInteger();

	private final ExecutorService serverThreads = Executors.newCachedThreadPool();

	private HttpServer server;

	@BeforeEach
	void start() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.setExecutor(this.serverThreads);
		this.server.start();
	}

	@AfterEach
	void stop() {
		this.server.stop(0);
		this.serverThreads.shutdownNow();
	}

	@ParameterizedTest
	@ValueSource(ints = { 201, 422, 500 })
	void bodyIsReadUpToALimit(int status) {
		Adapter.intercept(this.adapter.client, (chain) -> endless(chain.proceed(chain.request()), status));
		assertThat(Adapter.failure(this.adapter.send(Adapter.newRequest()))).returns(Kind.UNAVAILABLE, Kind::of)
			.hasMessageContaining("is larger than 4 MiB");
		assertThat(this.read.get()).isLessThan(READ_AT_MOST);
	}

	@Test
	void bodyThatUnpacksToMuchMoreIsNoAnswer() {
		this.server.createContext("/", (exchange) -> {
			exchange.getResponseHeaders().set("Content-Encoding", "gzip");
			exchange.sendResponseHeaders(201, 0);
			try (OutputStream body = new GZIPOutputStream(exchange.getResponseBody())) {
				body.write(new byte[READ_AT_MOST]);
			}
		});
		assertThat(Adapter.failure(send())).returns(Kind.UNAVAILABLE, Kind::of)
			.hasMessageContaining("is larger than 4 MiB");
	}

	/** Anyone who may create requests can give some our label that are too large. */
	@ParameterizedTest
	@CsvSource({ "true, 4", "false, 64" })
	void requestIsAnsweredAtTheNextAttemptIfThoseWithItsLabelAreTooLarge(boolean watch, long mebibytes) {
		this.adapter.controlPlane.behavior().approval(ApprovalPolicy.manual());
		CompletableFuture<Boolean> released = new CompletableFuture<>();
		this.adapter.send(Adapter.newRequest(), released);
		if (!watch) {
			this.adapter.controlPlane.faults().next(1, RecordedRequest::isWatch).end();
		}
		Adapter.intercept(this.adapter.client, (chain) -> {
			HttpUrl url = chain.request().url();
			Response answer = chain.proceed(chain.request());
			return (url.queryParameter("labelSelector") != null && (url.queryParameter("watch") != null) == watch)
					? endless(answer, answer.code()) : answer;
		});
		CertificateRequest request = Adapter.newRequest();
		CompletableFuture<?> attempt = this.adapter.send(request);
		await().until(() -> this.adapter.progress.stream()
			.anyMatch((state) -> state.interruption().contains("larger than %d MiB".formatted(mebibytes))));
		assertThat(this.read.get()).isBetween(mebibytes * MEBIBYTE, (mebibytes + 1) * MEBIBYTE);
		attempt.cancel(true);
		String name = String.valueOf(request.name());
		this.adapter.controlPlane.approve(name);
		await().until(() -> Objects.requireNonNull(this.adapter.stored(name).getStatus()).getCertificate() != null);
		assertThat(this.adapter.send(this.adapter.confirm(request))).succeedsWithin(Adapter.PATIENCE);
		released.complete(true);
	}

	/** A server that sends a byte now and then is never silent for long. */
	@Test
	void answerThatDoesNotEndInTimeIsNone() {
		this.server.createContext("/", (exchange) -> {
			exchange.sendResponseHeaders(200, 0);
			while (!Thread.interrupted()) {
				exchange.getResponseBody().write(' ');
				exchange.getResponseBody().flush();
			}
		});
		ApiClient client = Adapter.client(kubeconfig());
		Call call = ApiObjects.read(client, "/things", "one");
		call.timeout().timeout(200, TimeUnit.MILLISECONDS);
		assertThatExceptionOfType(IOException.class).isThrownBy(() -> ApiObjects.execute(call))
			.satisfies((late) -> assertThat(new ApiFailures(client.getBasePath()).translate(late, null))
				.returns("Unreachable", RequestException::reason)
				.hasMessageEndingWith("cannot be reached: timeout"));
	}

	/** To another server, even over http. */
	@ParameterizedTest
	@ValueSource(ints = { 302, 307 })
	void redirectIsNotFollowed(int status) {
		this.server.createContext("/stolen", (exchange) -> {
			this.redirected.incrementAndGet();
			exchange.close();
		});
		respond((exchange) -> {
			exchange.getResponseHeaders().set("Location", "/stolen");
			exchange.sendResponseHeaders(status, -1);
		});
		assertThat(Adapter.failure(send()))
			.hasMessageContaining("with status %d is not from an API server".formatted(status));
		assertThat(this.redirected).hasValue(0);
	}

	/** Neither to a server that anyone on the way can read, nor to another one. */
	@ParameterizedTest
	@CsvSource({ "302, http", "307, http", "308, https" })
	void redirectFromHttpsIsNotFollowed(int status, String scheme) {
		this.server.createContext("/", (exchange) -> {
			this.redirected.incrementAndGet();
			exchange.close();
		});
		ApiClient client = this.adapter.client;
		client.setHttpClient(client.getHttpClient()
			.newBuilder()
			.addNetworkInterceptor((chain) -> chain.proceed(chain.request())
				.newBuilder()
				.code(status)
				.header("Location", "%s://127.0.0.1:%d/stolen".formatted(scheme, this.server.getAddress().getPort()))
				.build())
			.build());
		assertThat(Adapter.failure(this.adapter.send(Adapter.newRequest())))
			.hasMessageContaining("with status %d is not from an API server".formatted(status));
		assertThat(this.redirected).hasValue(0);
		assertThat(this.adapter.requests()).isOne();
	}

	/** The type helps to find a defect; the message may repeat what was answered. */
	@Test
	void answerThatCannotBeReadIsDescribedByTheTypeOfTheProblem() {
		respond((exchange) -> {
			byte[] answer = "{\"metadata\": \"a secret\"}".getBytes();
			exchange.sendResponseHeaders(201, answer.length);
			exchange.getResponseBody().write(answer);
		});
		assertThat(Adapter.failure(send()))
			.hasMessageContaining("is not from an API server (JsonParseException). A proxy")
			.hasMessageNotContaining("a secret")
			.hasNoCause();
	}

	/** Such as a class that is missing. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void errorWhileARequestIsSentOrItsAnswerIsReadFailsTheAttempt(boolean sent) {
		Error error = new NoClassDefFoundError("a class of another version");
		Adapter.intercept(this.adapter.client, (chain) -> {
			if (sent) {
				throw error;
			}
			return with(chain.proceed(chain.request()), 201, new ForwardingSource(new Buffer()) {

				@Override
				public long read(Buffer sink, long byteCount) {
					throw error;
				}

			});
		});
		assertThat(Adapter.failure(this.adapter.send(Adapter.newRequest()))).isSameAs(error);
	}

	private void respond(HttpHandler handler) {
		this.server.createContext("/", (HttpExchange exchange) -> {
			try (exchange) {
				handler.handle(exchange);
			}
		});
	}

	private CompletableFuture<?> send() {
		return this.adapter.signer(kubeconfig()).request(Adapter.newRequest(), this.adapter.progress::add);
	}

	private Path kubeconfig() {
		return Adapter.write(this.adapter.directory.resolve("other"), """
				clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
				contexts: [{name: x, context: {cluster: c}}]
				current-context: x
				""".formatted(this.server.getAddress().getPort()));
	}

	private Response endless(Response answer, int status) {
		return with(answer, status, new Endless());
	}

	/** An answer with another body, whose bytes are counted as they are read. */
	private Response with(Response answer, int status, Source body) {
		Source counted = new ForwardingSource(body) {

			@Override
			public long read(Buffer sink, long byteCount) throws IOException {
				long count = super.read(sink, byteCount);
				AnswerLimitTests.this.read.addAndGet(count);
				return count;
			}

		};
		return answer.newBuilder()
			.code(status)
			.body(ResponseBody.create(Okio.buffer(counted), MediaType.get("application/json"), -1))
			.build();
	}

	/** Sends spaces for very long. */
	private final class Endless extends ForwardingSource {

		Endless() {
			super(new Buffer());
		}

		@Override
		public long read(Buffer sink, long byteCount) {
			if (AnswerLimitTests.this.read.get() >= MUCH) {
				return -1;
			}
			sink.writeUtf8(" ".repeat((int) byteCount));
			return byteCount;
		}

	}

}
