package io.kubelet.cert.ssl;

import java.net.URI;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

import io.kubelet.cert.ssl.Generations.Generation;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.reactive.ClientHttpConnector;
import org.springframework.http.client.reactive.ClientHttpRequest;
import org.springframework.http.client.reactive.ClientHttpResponse;
import org.springframework.http.client.reactive.ClientHttpResponseDecorator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Makes the requests of {@code WebClient} by the client of the current identity.
 */
final class LiveConnector implements ClientHttpConnector, DisposableBean {

	private final Generations<ClientHttpConnector> generations;

	LiveConnector(LiveManagers managers, Function<Consumer<AutoCloseable>, ClientHttpConnector> maker) {
		this.generations = new Generations<>(managers, maker);
	}

	@Override
	public Mono<ClientHttpResponse> connect(HttpMethod method, URI uri,
			Function<? super ClientHttpRequest, Mono<Void>> requestCallback) {
		return Mono.defer(() -> {
			Exchange exchange = new Exchange(this.generations.acquire());
			return Mono.defer(() -> exchange.generation.client().connect(method, uri, requestCallback))
				.<ClientHttpResponse>map((response) -> new Response(response, exchange))
				.switchIfEmpty(Mono.fromRunnable(exchange::end))
				.doOnError((ex) -> exchange.end())
				.doOnCancel(exchange::end);
		});
	}

	@Override
	public void destroy() {
		this.generations.destroy();
	}

	/**
	 * An exchange ends with the body of the response. One whose body nobody reads ends
	 * with the drain.
	 */
	private static final class Exchange {

		private final AtomicBoolean ended = new AtomicBoolean();

		private final Generation<ClientHttpConnector> generation;

		Exchange(Generation<ClientHttpConnector> generation) {
			this.generation = generation;
		}

		void end() {
			if (this.ended.compareAndSet(false, true)) {
				this.generation.release();
			}
		}

	}

	private static final class Response extends ClientHttpResponseDecorator {

		private final Exchange exchange;

		Response(ClientHttpResponse delegate, Exchange exchange) {
			super(delegate);
			this.exchange = exchange;
		}

		@Override
		public Flux<DataBuffer> getBody() {
			return super.getBody().doFinally((signal) -> this.exchange.end());
		}

	}

}
