package io.kubelet.cert.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Full TLS handshakes in memory in which the client presents a certificate, each time
 * another one of many: the server checks it, and remembers the peer.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MutualHandshake {

	private static final int CLIENTS = 500;

	private final List<KeyManager[]> clients = new ArrayList<>();

	/**
	 * What the server has: the managers of the JDK, those of the bundle, those of the
	 * bundle with accepted clients, and these with two authorities of one name.
	 */
	@Param({ "fixed", "live", "accepted", "homonymous" })
	public String server = "fixed";

	private @Nullable ConfigurableApplicationContext application;

	private @Nullable SSLContext context;

	private int next;

	/**
	 * Issues the certificates, and starts an application that has a stored pair.
	 * @throws Exception if that fails
	 */
	@Setup
	public void start() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				EmbeddedControlPlane other = EmbeddedControlPlane.start()) {
			for (int client = 0; client < CLIENTS; client++) {
				this.clients.add(keys(plane.issueClientCertificate("client-" + client, "benchmark")));
			}
			Path directory = Certificates.directory();
			Certificates.store(directory, StoredCertificate.NAME,
					plane.issueClientCertificate(StoredCertificate.NAME, "benchmark"));
			boolean homonymous = this.server.equals("homonymous");
			Path authorities = Files.writeString(directory.resolve("authorities.pem"),
					plane.caPem() + (homonymous ? other.caPem() : ""));
			this.application = Handshake.Application
				.start(arguments(directory, authorities, homonymous || this.server.equals("accepted")));
			SslBundle bundle = this.application.getBean(SslBundles.class).getBundle(StoredCertificate.NAME);
			Handshake.Contexts contexts = Handshake.Contexts.of(bundle);
			this.context = this.server.equals("fixed") ? contexts.fixed() : contexts.live();
		}
	}

	private static String[] arguments(Path directory, Path authorities, boolean accepting) {
		String[] arguments = new StoredCertificate(directory.resolve("pair"), authorities).arguments();
		if (!accepting) {
			return arguments;
		}
		List<String> all = new ArrayList<>(List.of(arguments));
		all.add("--kubelet.cert.ssl.accepted-clients.common-names=" + IntStream.range(0, CLIENTS)
			.mapToObj((client) -> "client-" + client)
			.collect(Collectors.joining(",")));
		return all.toArray(String[]::new);
	}

	private static KeyManager[] keys(ClientCertificate client) throws GeneralSecurityException, IOException {
		KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		keys.init(KeyStores.holding(Pem.readPair(client.certificatePem() + client.keyPem()), "client", "password"),
				"password".toCharArray());
		return keys.getKeyManagers();
	}

	/** Closes the application. */
	@TearDown
	public void stop() {
		if (this.application != null) {
			this.application.close();
		}
	}

	/**
	 * Shakes hands with the next client.
	 * @return the server's engine
	 * @throws Exception if the handshake fails
	 */
	@Benchmark
	public SSLEngine shakeHands() throws Exception {
		return Handshake.shakeHands(Objects.requireNonNull(this.context).createSSLEngine(),
				this.clients.get(this.next++ % CLIENTS));
	}

}
