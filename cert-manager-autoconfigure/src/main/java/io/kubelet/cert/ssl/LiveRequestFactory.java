package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

import io.kubelet.cert.ssl.Generations.Generation;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.StreamingHttpOutputMessage;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpRequestFactory;
import org.springframework.http.client.ClientHttpResponse;

/**
 * Makes the requests of {@code RestClient} and {@code RestTemplate} by the client of the
 * current identity.
 */
final class LiveRequestFactory implements ClientHttpRequestFactory, DisposableBean {

	private final Generations<ClientHttpRequestFactory> generations;

	LiveRequestFactory(LiveManagers managers, Function<Consumer<AutoCloseable>, ClientHttpRequestFactory> maker) {
		this.generations = new Generations<>(managers, maker);
	}

	@Override
	public ClientHttpRequest createRequest(URI uri, HttpMethod method) throws IOException {
		Generation<ClientHttpRequestFactory> generation = this.generations.acquire();
		try {
			return new Request(generation.client().createRequest(uri, method), generation);
		}
		catch (IOException | RuntimeException ex) {
			generation.release();
			throw ex;
		}
	}

	@Override
	public void destroy() {
		this.generations.destroy();
	}

	private record Request(ClientHttpRequest delegate,
			Generation<?> generation) implements ClientHttpRequest, StreamingHttpOutputMessage {

		@Override
		public ClientHttpResponse execute() throws IOException {
			try {
				return new Response(this.delegate.execute(), this.generation, new AtomicBoolean());
			}
			catch (IOException | RuntimeException ex) {
				this.generation.release();
				throw ex;
			}
		}

		@Override
		public void setBody(Body body) {
			if (this.delegate instanceof StreamingHttpOutputMessage streaming) {
				streaming.setBody(body);
				return;
			}
			try {
				body.writeTo(this.delegate.getBody());
			}
			catch (IOException ex) {
				throw new java.io.UncheckedIOException(ex);
			}
		}

		@Override
		public OutputStream getBody() throws IOException {
			return this.delegate.getBody();
		}

		@Override
		public HttpMethod getMethod() {
			return this.delegate.getMethod();
		}

		@Override
		public URI getURI() {
			return this.delegate.getURI();
		}

		@Override
		public Map<String, Object> getAttributes() {
			return this.delegate.getAttributes();
		}

		@Override
		public HttpHeaders getHeaders() {
			return this.delegate.getHeaders();
		}

	}

	private record Response(ClientHttpResponse delegate, Generation<?> generation,
			AtomicBoolean closed) implements ClientHttpResponse {

		@Override
		public HttpStatusCode getStatusCode() throws IOException {
			return this.delegate.getStatusCode();
		}

		@Override
		public String getStatusText() throws IOException {
			return this.delegate.getStatusText();
		}

		@Override
		public HttpHeaders getHeaders() {
			return this.delegate.getHeaders();
		}

		@Override
		public InputStream getBody() throws IOException {
			return this.delegate.getBody();
		}

		@Override
		public void close() {
			try {
				this.delegate.close();
			}
			finally {
				if (this.closed.compareAndSet(false, true)) {
					this.generation.release();
				}
			}
		}

	}

}
