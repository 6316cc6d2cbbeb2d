package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

import javax.net.ssl.SSLSession;

import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SecureNioChannel;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tomcat's usual protocol, which can also say goodbye to some of its connections: Tomcat
 * itself knows only how to end all of them.
 */
public final class DrainingNioProtocol extends Http11NioProtocol implements ServedCertificates.Connections {

	private static final Logger logger = LoggerFactory.getLogger(DrainingNioProtocol.class);

	private final Endpoint endpoint;

	/** Create the protocol: Tomcat does so by the name of this class. */
	public DrainingNioProtocol() {
		this(new Endpoint());
	}

	private DrainingNioProtocol(Endpoint endpoint) {
		super(endpoint);
		this.endpoint = endpoint;
	}

	/** Those of HTTP/1.1 end with their next response, HTTP/2 with the streams it has. */
	@Override
	public void drain(Predicate<SSLSession> outdated) {
		this.endpoint.forEach(outdated, (channel, connection) -> {
			connection.setKeepAliveLeft(1);
			if (connection.getCurrentProcessor() instanceof Processor processor) {
				connection.execute(processor::pause);
			}
		});
	}

	@Override
	public void close(Predicate<SSLSession> outdated) {
		this.endpoint.forEach(outdated, DrainingNioProtocol::close);
	}

	/**
	 * A connection that nobody works on is closed. One in use belongs to the thread that
	 * uses it: that one finds its peer gone.
	 */
	private static void close(SocketChannel channel, SocketWrapperBase<NioChannel> connection) {
		if (connection.getCurrentProcessor() == null && connection.getLock().tryLock()) {
			try {
				connection.close();
			}
			finally {
				connection.getLock().unlock();
			}
			return;
		}
		try {
			channel.shutdownInput();
			channel.shutdownOutput();
		}
		catch (IOException ex) {
			logger.debug("A connection of before a rotation is closed already", ex);
		}
	}

	private static final class Endpoint extends NioEndpoint {

		/** Without a limit, there would be nothing to end a connection by. */
		@Override
		public void setMaxKeepAliveRequests(int max) {
			super.setMaxKeepAliveRequests((max < 0) ? Integer.MAX_VALUE : max);
		}

		void forEach(Predicate<SSLSession> outdated, BiConsumer<SocketChannel, SocketWrapperBase<NioChannel>> action) {
			this.connections.forEach((channel, connection) -> {
				if (connection.getSocket() instanceof SecureNioChannel tls && tls.getSslEngine() != null
						&& outdated.test(tls.getSslEngine().getSession())) {
					action.accept(channel, connection);
				}
			});
		}

	}

}
