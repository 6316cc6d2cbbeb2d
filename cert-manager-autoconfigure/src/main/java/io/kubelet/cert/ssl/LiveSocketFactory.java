package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.SSLSocketFactory;

/**
 * Creates each socket with the current factory.
 */
class LiveSocketFactory extends SSLSocketFactory {

	private final Supplier<SSLSocketFactory> current;

	private final Consumer<Object> connections;

	/**
	 * Creates a factory.
	 * @param current returns the current factory
	 * @param connections accepts each socket, before its handshake
	 */
	LiveSocketFactory(Supplier<SSLSocketFactory> current, Consumer<Object> connections) {
		this.current = current;
		this.connections = connections;
	}

	@Override
	public String[] getDefaultCipherSuites() {
		return this.current.get().getDefaultCipherSuites();
	}

	@Override
	public String[] getSupportedCipherSuites() {
		return this.current.get().getSupportedCipherSuites();
	}

	@Override
	public Socket createSocket() throws IOException {
		return noted(this.current.get().createSocket());
	}

	@Override
	public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
		return noted(this.current.get().createSocket(socket, host, port, autoClose));
	}

	@Override
	public Socket createSocket(Socket socket, InputStream consumed, boolean autoClose) throws IOException {
		return noted(this.current.get().createSocket(socket, consumed, autoClose));
	}

	@Override
	public Socket createSocket(String host, int port) throws IOException {
		return noted(this.current.get().createSocket(host, port));
	}

	@Override
	public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
		return noted(this.current.get().createSocket(host, port, localHost, localPort));
	}

	@Override
	public Socket createSocket(InetAddress host, int port) throws IOException {
		return noted(this.current.get().createSocket(host, port));
	}

	@Override
	public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) throws IOException {
		return noted(this.current.get().createSocket(host, port, localHost, localPort));
	}

	private Socket noted(Socket socket) {
		this.connections.accept(socket);
		return socket;
	}

}
