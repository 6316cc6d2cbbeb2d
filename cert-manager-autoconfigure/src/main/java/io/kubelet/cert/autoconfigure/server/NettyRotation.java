package io.kubelet.cert.autoconfigure.server;

import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.peers.ClientAddress;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http2.DefaultHttp2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.GlobalEventExecutor;
import org.jspecify.annotations.Nullable;
import reactor.netty.NettyPipeline;
import reactor.netty.http.server.HttpServer;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.boot.ssl.SslBundles;

/**
 * Drains the connections that a Reactor Netty server accepted before a change: they are
 * asked to close with their next response, those of HTTP/2 with their last stream, and
 * closed when the drain is over. The server presents each new pair by itself, because
 * Spring Boot configures it with the managers of the bundle.
 *
 * @param bundles the SSL bundles
 * @param factory the factory of the server, which is configured when the server is
 * created
 */
record NettyRotation(SslBundles bundles, NettyReactiveWebServerFactory factory) implements NettyServerCustomizer {

	@Override
	public HttpServer apply(HttpServer server) {
		ServedCertificates served = new ServedCertificates(this.bundles, this.factory.getSsl());
		if (served.isEmpty()) {
			return server;
		}
		Draining draining = new Draining(served);
		served.drain(draining);
		FailedHandshakes failed = new FailedHandshakes(served);
		return server.doOnChannelInit((observer, channel, address) -> {
			draining.channels.add(channel);
			if (channel.pipeline().get(NettyPipeline.SslHandler) != null) {
				channel.pipeline().addBefore(NettyPipeline.SslHandler, "certificate-client", Clients.INSTANCE);
				channel.pipeline().addAfter(NettyPipeline.SslHandler, "certificate-handshake", failed);
			}
		}).doOnConnection((connection) -> {
			if (Draining.tls(connection.channel()) != null) {
				connection.addHandlerLast("certificate-drain", draining);
			}
		});
	}

	/**
	 * A client is checked while its bytes are read, with an engine without an address.
	 */
	@Sharable
	private static final class Clients extends ChannelInboundHandlerAdapter {

		static final Clients INSTANCE = new Clients();

		@Override
		public void channelRead(ChannelHandlerContext context, Object message) {
			ClientAddress.set(context.channel().remoteAddress());
			try {
				context.fireChannelRead(message);
			}
			finally {
				ClientAddress.set(null);
			}
		}

	}

	/** Reports handshakes that fail. */
	@Sharable
	private static final class FailedHandshakes extends ChannelInboundHandlerAdapter {

		private final ServedCertificates served;

		FailedHandshakes(ServedCertificates served) {
			this.served = served;
		}

		@Override
		public void userEventTriggered(ChannelHandlerContext context, Object event) {
			if (event instanceof SslHandshakeCompletionEvent handshake) {
				this.served.failed(context.channel().remoteAddress(), handshake.cause());
				if (context.pipeline().get(Clients.class) != null) {
					context.pipeline().remove(Clients.class);
				}
			}
			context.fireUserEventTriggered(event);
		}

	}

	/** Keeps track of the connections, and asks those of HTTP/1.1 to close. */
	@Sharable
	private static final class Draining extends ChannelOutboundHandlerAdapter implements ServerConnections {

		private final ServedCertificates served;

		private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

		Draining(ServedCertificates served) {
			this.served = served;
		}

		/** HTTP/1.1 is asked with each response. */
		@Override
		public void drain(Predicate<SSLSession> outdated) {
			connections(outdated).forEach(Draining::goAway);
		}

		@Override
		public boolean any(Predicate<SSLSession> condition) {
			return connections(condition).findAny().isPresent();
		}

		@Override
		public void close(Predicate<SSLSession> outdated) {
			connections(outdated).forEach(Draining::close);
		}

		/** The codec of HTTP/2 would wait for its streams, so it is passed over. */
		private static void close(Channel channel) {
			ChannelHandlerContext http2 = channel.pipeline().context(Http2FrameCodec.class);
			if (http2 != null) {
				http2.close();
			}
			else {
				channel.close();
			}
		}

		private Stream<Channel> connections(Predicate<SSLSession> outdated) {
			return this.channels.stream().filter((channel) -> {
				SslHandler tls = tls(channel);
				return tls != null && outdated.test(tls.engine().getSession());
			});
		}

		/** The open streams of HTTP/2 end, and the client opens no others. */
		private static void goAway(Channel channel) {
			if (channel.pipeline().get(Http2FrameCodec.class) != null) {
				channel.writeAndFlush(
						new DefaultHttp2GoAwayFrame(Http2Error.NO_ERROR).setExtraStreamIds(Integer.MAX_VALUE));
			}
		}

		/** TLS of a connection; the streams of HTTP/2 have none of their own. */
		static @Nullable SslHandler tls(Channel channel) {
			return channel.pipeline().get(SslHandler.class);
		}

		@Override
		public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
			SslHandler tls = tls(context.channel());
			if (message instanceof HttpResponse response
					&& response.status().codeClass() != HttpStatusClass.INFORMATIONAL && tls != null
					&& this.served.isOutdated(tls.engine().getSession())) {
				response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
			}
			context.write(message, promise);
		}

	}

}
