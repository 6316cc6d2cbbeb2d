package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;

import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Creates TLS sockets that ask for a server by a given name (SNI). Otherwise, they ask
 * for the host in its address, or for none if that is an IP address.
 */
final class ServerNameSockets extends SSLSocketFactory {

	private final SSLSocketFactory sockets;

	private final SNIHostName name;

	/**
	 * Creates a factory.
	 * @param sockets creates the sockets
	 * @param name the name of the server
	 */
	ServerNameSockets(SSLSocketFactory sockets, SNIHostName name) {
		this.sockets = sockets;
		this.name = name;
	}

	@Override
	public String[] getDefaultCipherSuites() {
		return this.sockets.getDefaultCipherSuites();
	}

	@Override
	public String[] getSupportedCipherSuites() {
		return this.sockets.getSupportedCipherSuites();
	}

	@Override
	public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
		return named(this.sockets.createSocket(socket, host, port, autoClose));
	}

	@Override
	public Socket createSocket(String host, int port) throws IOException {
		return named(this.sockets.createSocket(host, port));
	}

	@Override
	public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
		return named(this.sockets.createSocket(host, port, localHost, localPort));
	}

	@Override
	public Socket createSocket(InetAddress host, int port) throws IOException {
		return named(this.sockets.createSocket(host, port));
	}

	@Override
	public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) throws IOException {
		return named(this.sockets.createSocket(host, port, localHost, localPort));
	}

	private Socket named(Socket socket) {
		SSLSocket secure = (SSLSocket) socket;
		SSLParameters parameters = secure.getSSLParameters();
		parameters.setServerNames(List.of(this.name));
		secure.setSSLParameters(parameters);
		return secure;
	}

}
