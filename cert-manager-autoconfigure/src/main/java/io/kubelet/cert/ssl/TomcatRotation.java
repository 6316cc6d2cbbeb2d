package io.kubelet.cert.ssl;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import jakarta.servlet.ServletException;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;

/**
 * Drains the connections that Tomcat accepted before a rotation: they are asked to close
 * with their next response. Spring Boot itself lets Tomcat take the new pair, and those
 * that stay idle end by Tomcat's keep-alive timeout.
 * <p>
 * Tomcat does not tell which certificate a connection was made with, but it numbers its
 * connections: those up to the last that was in use at the rotation are of before it.
 */
public final class TomcatRotation extends ValveBase {

	private final SslBundles bundles;

	private final Supplier<@Nullable Ssl> ssl;

	private final AtomicLong newest = new AtomicLong(-1);

	private volatile long outdated = -1;

	/**
	 * Create a valve.
	 * @param bundles the SSL bundles
	 * @param ssl the configuration of the server, asked for when the server starts
	 */
	public TomcatRotation(SslBundles bundles, Supplier<@Nullable Ssl> ssl) {
		super(true);
		this.bundles = bundles;
		this.ssl = ssl;
	}

	/** After Spring Boot's own handler, which is there when the server starts. */
	@Override
	protected void startInternal() throws LifecycleException {
		super.startInternal();
		ServedCertificates.of(this.bundles, this.ssl.get()).whenRotated((bundle) -> this.outdated = this.newest.get());
	}

	@Override
	public void invoke(Request request, Response response) throws IOException, ServletException {
		if (request.isSecure() && "HTTP/1.1".equals(request.getProtocol())) {
			long connection = Long.parseLong(request.getServletConnection().getConnectionId(), 16);
			this.newest.accumulateAndGet(connection, Math::max);
			if (connection <= this.outdated) {
				response.setHeader("Connection", "close");
			}
		}
		getNext().invoke(request, response);
	}

}
