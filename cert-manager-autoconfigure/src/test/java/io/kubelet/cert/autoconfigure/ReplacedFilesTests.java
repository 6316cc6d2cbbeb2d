package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Replacement;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Servers and clients, while programs replace their files in each of the ways in which
 * programs do: pair and authorities, more often with {@code -Dreplacements=1000}.
 *
 * @see io.kubelet.cert.rotation.internal.FileWatcher
 * @see io.kubelet.cert.store.ManagedFilesStore
 */
class ReplacedFilesTests {

	private static final int REPLACEMENTS = Integer.getInteger("replacements", 3);

	private static final Logger logger = LoggerFactory.getLogger(ReplacedFilesTests.class);

	private static final Executor THREADS = (task) -> new Thread(task).start();

	private final TestAuthority authority = new TestAuthority("authority");

	private final Map<Certificate, Key> pairs = new ConcurrentHashMap<>();

	private final SSLContext client = context(this.authority.pair("client"));

	private final Map<Replacement, SSLServerSocket> servers = new EnumMap<>(Replacement.class);

	private final AtomicInteger readings = new AtomicInteger();

	private final AtomicInteger mixed = new AtomicInteger();

	@TempDir
	Path directory;

	@Test
	void noHandshakeFailsAndNoPairIsMixedWhileFilesAreReplaced() throws Exception {
		List<String> properties = new ArrayList<>();
		for (Replacement way : Replacement.values()) {
			replace(way, 1, pair(), this.authority);
			Path volume = parent(way).resolve("volume");
			String prefix = (way.ordinal() == 0) ? "kubelet.cert." : "kubelet.cert.additional." + name(way) + ".";
			properties.addAll(
					List.of(prefix + "rotate-certificates=false", prefix + "tls-cert-file=" + volume.resolve("tls.crt"),
							prefix + "tls-private-key-file=" + volume.resolve("tls.key"),
							prefix + "ssl.trust-file=" + volume.resolve("ca.crt"), prefix + "ssl.trust-overlap=0s"));
		}
		properties.add("kubelet.cert.pair-name=" + name(Replacement.values()[0]));
		CertificateContexts.starter().withPropertyValues(properties.toArray(String[]::new)).run((context) -> {
			for (Replacement way : Replacement.values()) {
				this.servers.put(way, serve(bundle(context, way)));
			}
			Load.during(1, Duration.ofMillis(2), List.of(this::handshake, this::handshake, () -> read(context)),
					() -> replaceAll(context));
		});
		logger.info("{} pairs were read, {} mixed", this.readings, this.mixed);
		assertThat(this.mixed).hasValue(0);
		for (SSLServerSocket server : this.servers.values()) {
			server.close();
		}
	}

	private void replaceAll(ApplicationContext context) {
		CompletableFuture
			.allOf(Stream.of(Replacement.values())
				.map((way) -> CompletableFuture.runAsync(() -> replace(context, way), THREADS))
				.toArray(CompletableFuture[]::new))
			.join();
	}

	private void replace(ApplicationContext context, Replacement way) {
		long[] millis = new long[REPLACEMENTS];
		for (int i = 0; i < REPLACEMENTS; i++) {
			CertificatePair pair = pair();
			TestAuthority added = new TestAuthority("added");
			replace(way, i + 2, pair, this.authority, added);
			long start = System.nanoTime();
			await().until(() -> context.getBean(CertificateManagers.class).get(name(way)).current().orElse(null),
					pair::equals);
			millis[i] = Duration.ofNanos(System.nanoTime() - start).toMillis();
			await().until(() -> trusted(context, way), (all) -> all.contains(added.certificate()) && all.size() == 2);
		}
		Arrays.sort(millis);
		logger.info("{}: {} replacements, used after {} ms (median), {} ms (maximum)", way, REPLACEMENTS,
				millis[REPLACEMENTS / 2], millis[REPLACEMENTS - 1]);
		assertThat(millis[REPLACEMENTS / 2]).as(way + ", not found by the look after 10 seconds").isLessThan(5000);
	}

	private void replace(Replacement way, int generation, CertificatePair pair, TestAuthority... authorities) {
		try {
			way.replace(parent(way), generation, Map.of("tls.crt", Pem.write(pair.chain()), "tls.key",
					Pem.writePrivateKey(pair), "ca.crt", TestAuthority.pem(authorities)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<Certificate> trusted(ApplicationContext context, Replacement way) {
		return List
			.of(((X509TrustManager) bundle(context, way).getManagers().getTrustManagers()[0]).getAcceptedIssuers());
	}

	/** One half of a pair, and the other. */
	private Void read(ApplicationContext context) throws Exception {
		for (Replacement way : Replacement.values()) {
			SslStoreBundle stores = bundle(context, way).getStores();
			KeyStore store = Objects.requireNonNull(stores.getKeyStore());
			String alias = Collections.list(store.aliases()).get(0);
			char[] password = Objects.requireNonNull(stores.getKeyStorePassword()).toCharArray();
			this.readings.incrementAndGet();
			if (!store.getKey(alias, password).equals(this.pairs.get(store.getCertificate(alias)))) {
				this.mixed.incrementAndGet();
			}
		}
		return null;
	}

	private Void handshake() throws IOException {
		Replacement way = Replacement.values()[ThreadLocalRandom.current().nextInt(Replacement.values().length)];
		try (Socket socket = this.client.getSocketFactory()
			.createSocket("localhost", Objects.requireNonNull(this.servers.get(way)).getLocalPort())) {
			assertThat(socket.getInputStream().read()).isOne();
			assertThat(this.pairs).containsKey(((SSLSocket) socket).getSession().getPeerCertificates()[0]);
		}
		return null;
	}

	private static SSLServerSocket serve(SslBundle bundle) throws IOException {
		SSLServerSocket server = (SSLServerSocket) bundle.createSslContext()
			.getServerSocketFactory()
			.createServerSocket(0);
		server.setNeedClientAuth(true);
		THREADS.execute(() -> {
			while (!server.isClosed()) {
				try (Socket socket = server.accept()) {
					socket.getOutputStream().write(1);
				}
				catch (IOException ex) {
					// The client fails as well
				}
			}
		});
		return server;
	}

	private SSLContext context(CertificatePair pair) {
		Trust trust = Trust.exactly(List.of(this.authority.certificate()));
		return SslBundle
			.of(SslStoreBundle.of(KeyStores.holding(pair, "client", ""), "", trust.store()), SslBundleKey.NONE,
					SslOptions.NONE, "TLSv1.3")
			.createSslContext();
	}

	private CertificatePair pair() {
		CertificatePair pair = this.authority.pair("server", "localhost");
		this.pairs.put(pair.leaf(), pair.privateKey());
		return pair;
	}

	private Path parent(Replacement way) {
		try {
			return Files.createDirectories(this.directory.resolve(name(way)));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static SslBundle bundle(ApplicationContext context, Replacement way) {
		return context.getBean(SslBundles.class).getBundle(name(way));
	}

	private static String name(Replacement way) {
		return way.name().toLowerCase().replace('_', '-');
	}

}
