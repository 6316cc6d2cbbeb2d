package io.kubelet.cert.benchmark;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.Pem;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.implementation.StubMethod;
import net.bytebuddy.matcher.ElementMatchers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
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
 * What a server does with the certificate of a client, without the rest of the handshake,
 * which takes so much longer that it hides the difference: reads and checks it, and
 * remembers the client. An RSA signature is verified fastest.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PeerCheck {

	private static final String ACCEPTED = "spiffe://example.org/ns/shop/sa/";

	private final List<byte[]> leaves = new ArrayList<>();

	/** How many different clients there are. */
	@Param({ "1", "10000" })
	public int clients = 1;

	/**
	 * What the server has: the trust manager of the JDK, that of the bundle, or that of
	 * the bundle with accepted clients.
	 */
	@Param({ "fixed", "live", "accepted" })
	public String server = "fixed";

	private @Nullable ConfigurableApplicationContext application;

	private @Nullable X509ExtendedTrustManager manager;

	private @Nullable CertificateFactory certificates;

	private @Nullable Constructor<? extends Connection> connections;

	private int next;

	/**
	 * Issues the certificates, and starts an application that has a stored pair.
	 * @throws Exception if that fails
	 */
	@Setup
	public void start() throws Exception {
		this.certificates = CertificateFactory.getInstance("X.509");
		this.connections = stub(Connection.class).getDeclaredConstructor(X509Certificate[].class);
		Path directory = Certificates.directory();
		Path authorities = Files.writeString(directory.resolve("authorities.pem"), Pem.write(List.of(issue())));
		List<String> arguments = new ArrayList<>(
				List.of(new StoredCertificate(StoredCertificate.write(directory).pair(), authorities).arguments()));
		if (this.server.equals("accepted")) {
			arguments.add("--kubelet.cert.ssl.accepted-clients.uris=" + ACCEPTED + "*");
		}
		this.application = Handshake.Application.start(arguments.toArray(String[]::new));
		SslBundle bundle = this.application.getBean(SslBundles.class).getBundle(StoredCertificate.NAME);
		TrustManager[] managers = this.server.equals("fixed") ? Handshake.Contexts.fixedTrust(bundle)
				: bundle.getManagers().getTrustManagers();
		this.manager = (X509ExtendedTrustManager) managers[0];
	}

	/** Returns the authority of the certificates. */
	private X509Certificate issue() throws GeneralSecurityException, OperatorCreationException, IOException {
		KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
		KeyPair authority = keys.generateKeyPair();
		KeyPair client = keys.generateKeyPair();
		ContentSigner signer = new JcaContentSignerBuilder("SHA256withRSA").build(authority.getPrivate());
		for (int number = 0; number < this.clients; number++) {
			GeneralName uri = new GeneralName(GeneralName.uniformResourceIdentifier, ACCEPTED + "client-" + number);
			this.leaves.add(certificate("", client, number)
				.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
				.addExtension(Extension.subjectAlternativeName, true, new GeneralNames(uri))
				.build(signer)
				.getEncoded());
		}
		return read(certificate("CN=authority", authority, 0)
			.addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
			.build(signer)
			.getEncoded());
	}

	private static X509v3CertificateBuilder certificate(String subject, KeyPair keys, int serialNumber) {
		Instant now = Instant.now();
		return new JcaX509v3CertificateBuilder(new X500Name("CN=authority"), BigInteger.valueOf(serialNumber + 1),
				Date.from(now.minusSeconds(60)), Date.from(now.plus(Duration.ofDays(1))), new X500Name(subject),
				keys.getPublic());
	}

	private X509Certificate read(byte[] encoded) throws CertificateException {
		return (X509Certificate) Objects.requireNonNull(this.certificates)
			.generateCertificate(new ByteArrayInputStream(encoded));
	}

	/** Implements what is missing by methods that do nothing. */
	private static <T> Class<? extends T> stub(Class<T> type) {
		return new ByteBuddy().subclass(type)
			.method(ElementMatchers.isAbstract())
			.intercept(StubMethod.INSTANCE)
			.make()
			.load(type.getClassLoader())
			.getLoaded();
	}

	/** Closes the application. */
	@TearDown
	public void stop() {
		if (this.application != null) {
			this.application.close();
		}
	}

	/**
	 * Checks the next client. It is remembered a few connections later.
	 * @return the connection
	 * @throws Exception if the client is refused
	 */
	@Benchmark
	public SSLEngine check() throws Exception {
		X509Certificate[] chain = { read(this.leaves.get(this.next++ % this.clients)) };
		Connection connection = Objects.requireNonNull(this.connections).newInstance((Object) chain);
		Objects.requireNonNull(this.manager).checkClientTrusted(chain, "UNKNOWN", connection);
		connection.complete = true;
		return connection;
	}

	/** The engine and the session of a server. */
	public abstract static class Connection extends SSLEngine {

		private static final Class<? extends Session> SESSIONS = stub(Session.class);

		private final SSLSession session;

		private boolean complete;

		/**
		 * Creates a connection that waits for the check.
		 * @param chain the chain of the client
		 * @throws ReflectiveOperationException never
		 */
		protected Connection(X509Certificate[] chain) throws ReflectiveOperationException {
			Session session = SESSIONS.getDeclaredConstructor().newInstance();
			session.chain = chain;
			this.session = session;
		}

		@Override
		public @Nullable SSLSession getHandshakeSession() {
			return this.complete ? null : this.session;
		}

		@Override
		public SSLSession getSession() {
			return this.session;
		}

		@Override
		public SSLParameters getSSLParameters() {
			return new SSLParameters();
		}

	}

	/** Its session. */
	public abstract static class Session implements SSLSession {

		private X509Certificate[] chain = {};

		@Override
		public X509Certificate[] getPeerCertificates() {
			return this.chain;
		}

		@Override
		public String getProtocol() {
			return "TLSv1.3";
		}

		@Override
		public String getCipherSuite() {
			return "TLS_AES_128_GCM_SHA256";
		}

		@Override
		public boolean isValid() {
			return true;
		}

	}

}
