package io.kubelet.cert.ssl;

import java.nio.ByteBuffer;
import java.util.function.Supplier;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/**
 * What a trust manager of the JDK reads of a connection, except that the peer is not to
 * be compared with the address. A trust manager that gets no connection at all would not
 * apply the algorithm constraints of the connection either. To change the parameters of
 * the connection would change its session.
 */
final class HandshakeView extends SSLEngine {

	private final Supplier<@Nullable SSLSession> session;

	private final Supplier<SSLParameters> parameters;

	private HandshakeView(Supplier<@Nullable SSLSession> session, Supplier<SSLParameters> parameters) {
		this.session = session;
		this.parameters = parameters;
	}

	/** Returns the view of a socket. */
	static SSLEngine withoutAddress(SSLSocket socket) {
		return new HandshakeView(socket::getHandshakeSession, socket::getSSLParameters);
	}

	/** Returns the view of an engine. */
	static SSLEngine withoutAddress(SSLEngine engine) {
		return new HandshakeView(engine::getHandshakeSession, engine::getSSLParameters);
	}

	@Override
	public @Nullable SSLSession getHandshakeSession() {
		return this.session.get();
	}

	@Override
	public SSLParameters getSSLParameters() {
		SSLParameters parameters = this.parameters.get();
		parameters.setEndpointIdentificationAlgorithm(null);
		return parameters;
	}

	@Override
	public boolean getUseClientMode() {
		return true;
	}

	@Override
	public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target) {
		throw new UnsupportedOperationException();
	}

	@Override
	public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Runnable getDelegatedTask() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void closeInbound() {
		throw new UnsupportedOperationException();
	}

	@Override
	public boolean isInboundDone() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void closeOutbound() {
		throw new UnsupportedOperationException();
	}

	@Override
	public boolean isOutboundDone() {
		throw new UnsupportedOperationException();
	}

	@Override
	public String[] getSupportedCipherSuites() {
		throw new UnsupportedOperationException();
	}

	@Override
	public String[] getEnabledCipherSuites() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void setEnabledCipherSuites(String[] suites) {
		throw new UnsupportedOperationException();
	}

	@Override
	public String[] getSupportedProtocols() {
		throw new UnsupportedOperationException();
	}

	@Override
	public String[] getEnabledProtocols() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void setEnabledProtocols(String[] protocols) {
		throw new UnsupportedOperationException();
	}

	@Override
	public SSLSession getSession() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void beginHandshake() {
		throw new UnsupportedOperationException();
	}

	@Override
	public SSLEngineResult.HandshakeStatus getHandshakeStatus() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void setUseClientMode(boolean client) {
		throw new UnsupportedOperationException();
	}

	@Override
	public void setNeedClientAuth(boolean need) {
		throw new UnsupportedOperationException();
	}

	@Override
	public boolean getNeedClientAuth() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void setWantClientAuth(boolean want) {
		throw new UnsupportedOperationException();
	}

	@Override
	public boolean getWantClientAuth() {
		throw new UnsupportedOperationException();
	}

	@Override
	public void setEnableSessionCreation(boolean flag) {
		throw new UnsupportedOperationException();
	}

	@Override
	public boolean getEnableSessionCreation() {
		throw new UnsupportedOperationException();
	}

}
