package io.kubelet.cert.benchmark;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * Full TLS handshakes in memory, with a server that has the live managers of the bundle,
 * and with one that has the JDK's managers for the same pair.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class Handshake {

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private final ConfigurableApplicationContext application;

	private final Contexts contexts;

	/** Starts an application that has a stored pair, and nothing of the sample. */
	public Handshake() {
		StoredCertificate certificate = StoredCertificate.write(Certificates.directory());
		this.application = Application.start(certificate.arguments());
		this.contexts = Contexts.of(this.application.getBean(SslBundles.class).getBundle(StoredCertificate.NAME));
	}

	/** Closes the application. */
	@TearDown
	public void stop() {
		this.application.close();
	}

	/**
	 * Shakes hands with the live managers.
	 * @return the server's engine
	 * @throws Exception if the handshake fails
	 */
	@Benchmark
	public SSLEngine live() throws Exception {
		return shakeHands(this.contexts.live().createSSLEngine(), null);
	}

	/**
	 * Shakes hands with the JDK's managers.
	 * @return the server's engine
	 * @throws Exception if the handshake fails
	 */
	@Benchmark
	public SSLEngine fixed() throws Exception {
		return shakeHands(this.contexts.fixed().createSSLEngine(), null);
	}

	/** The client is new each time, so that it has no session to resume. */
	static SSLEngine shakeHands(SSLEngine server, KeyManager @Nullable [] keys)
			throws GeneralSecurityException, SSLException {
		SSLEngine client = Contexts.create(keys, Anyone.TRUSTED).createSSLEngine();
		server.setUseClientMode(false);
		server.setNeedClientAuth(keys != null);
		client.setUseClientMode(true);
		ByteBuffer toServer = ByteBuffer.allocate(32_768);
		ByteBuffer toClient = ByteBuffer.allocate(32_768);
		ByteBuffer discarded = ByteBuffer.allocate(32_768);
		client.beginHandshake();
		server.beginHandshake();
		while (isHandshaking(client) || isHandshaking(server)) {
			step(client, toClient, toServer, discarded);
			step(server, toServer, toClient, discarded);
		}
		return server;
	}

	private static boolean isHandshaking(SSLEngine engine) {
		return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
	}

	private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out, ByteBuffer discarded)
			throws SSLException {
		switch (engine.getHandshakeStatus()) {
			case NEED_TASK -> engine.getDelegatedTask().run();
			case NEED_WRAP -> engine.wrap(NOTHING, out);
			default -> {
				in.flip();
				engine.unwrap(in, discarded.clear());
				in.compact();
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		static ConfigurableApplicationContext start(String... arguments) {
			return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
				.properties("spring.config.location=optional:classpath:/none/")
				.run(arguments);
		}

	}

	/** What the server has. */
	record Contexts(SSLContext live, SSLContext fixed) {

		static Contexts of(SslBundle bundle) {
			try {
				String password = bundle.getStores().getKeyStorePassword();
				KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
				keys.init(bundle.getStores().getKeyStore(), (password != null) ? password.toCharArray() : new char[0]);
				return new Contexts(bundle.createSslContext(), create(keys.getKeyManagers(), fixedTrust(bundle)));
			}
			catch (GeneralSecurityException ex) {
				throw new IllegalStateException("There is no TLS for the stored pair", ex);
			}
		}

		/** The trust managers of the JDK for what the bundle trusts now. */
		static TrustManager[] fixedTrust(SslBundle bundle) throws GeneralSecurityException {
			TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			trust.init(bundle.getStores().getTrustStore());
			return trust.getTrustManagers();
		}

		static SSLContext create(KeyManager @Nullable [] keys, TrustManager[] trust) throws GeneralSecurityException {
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(keys, trust, null);
			return context;
		}

	}

	/** The client does not check the chain, which is the same for both servers. */
	private static final class Anyone implements X509TrustManager {

		static final TrustManager[] TRUSTED = { new Anyone() };

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public X509Certificate[] getAcceptedIssuers() {
			return new X509Certificate[0];
		}

	}

}
