package io.kubelet.cert.ssl;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import reactor.netty.http.server.HttpServer;

/**
 * Drains the connections that a Reactor Netty server accepted before a rotation: they are
 * asked to close with their next response, and closed when the drain is over. Spring Boot
 * itself lets the server take the new pair.
 */
public final class NettyRotation implements NettyServerCustomizer {

	private final SslBundles bundles;

	private final Supplier<@Nullable Ssl> ssl;

	/**
	 * Create a customizer.
	 * @param bundles the SSL bundles
	 * @param ssl the configuration of the server, asked for when the server is made
	 */
	public NettyRotation(SslBundles bundles, Supplier<@Nullable Ssl> ssl) {
		this.bundles = bundles;
		this.ssl = ssl;
	}

	@Override
	public HttpServer apply(HttpServer server) {
		ServedCertificates served = ServedCertificates.of(this.bundles, this.ssl.get());
		if (served.isEmpty()) {
			return server;
		}
		Draining draining = new Draining(served);
		served.whenRotated((bundle) -> served.drain().atEnd(draining::closeOutdated));
		return server.doOnConnection((connection) -> {
			draining.connected(connection.channel());
			connection.addHandlerLast("certificate-drain", draining);
		});
	}

	@Sharable
	private static final class Draining extends ChannelOutboundHandlerAdapter {

		private final ServedCertificates served;

		private final Set<Channel> channels = ConcurrentHashMap.newKeySet();

		Draining(ServedCertificates served) {
			this.served = served;
		}

		void connected(Channel channel) {
			this.channels.add(channel);
			channel.closeFuture().addListener((closed) -> this.channels.remove(channel));
		}

		void closeOutdated() {
			this.channels.stream().filter(this::isOutdated).forEach(Channel::close);
		}

		@Override
		public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
			if (message instanceof HttpResponse response && isOutdated(context.channel())) {
				response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
			}
			context.write(message, promise);
		}

		/** The streams of HTTP/2 have no TLS of their own. */
		private boolean isOutdated(Channel channel) {
			SslHandler tls = channel.pipeline().get(SslHandler.class);
			return tls != null && this.served.isOutdated(tls.engine().getSession());
		}

	}

}
