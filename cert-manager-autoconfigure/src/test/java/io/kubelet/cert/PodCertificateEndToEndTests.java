package io.kubelet.cert;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;

import javax.net.ssl.SSLContext;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.PeerIdentity;
import io.kubelet.cert.test.kubelet.PodCertificateVolume;
import io.kubelet.cert.testsupport.Load;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.restclient.autoconfigure.RestClientSsl;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A whole application that calls itself with mutual TLS, with nothing but the volume of a
 * pod certificate. The test writes the volume, or, with the profile {@code real-cluster},
 * a kubelet does ({@code -Dpod-certificate.volume}). There, a refresh takes about ten
 * minutes.
 *
 * @see io.kubelet.cert.store.ManagedFilesStore
 * @see PodCertificateVolume
 */
class PodCertificateEndToEndTests {

	private static final boolean REAL = "real".equals(System.getProperty("cluster"));

	private static final int REFRESHES = Integer.getInteger("pod-certificate.refreshes", REAL ? 3 : 1);

	private static final Duration PATIENCE = Duration.ofMinutes(30);

	@TempDir
	Path directory;

	@Test
	void serverAndClientsFollowEachRefreshAndNoRequestFails() throws Exception {
		Load.ThrowingRunnable refresh = refresh();
		List<Duration> delays = new ArrayList<>();
		try (ConfigurableApplicationContext context = run()) {
			int port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
			SslBundle bundle = context.getBean(SslBundles.class).getBundle("shop");
			SSLContext tls = bundle.createSslContext();
			RestClient client = context.getBean(RestClient.Builder.class)
				.baseUrl("https://localhost:" + port)
				.apply(context.getBean(RestClientSsl.class).fromBundle("shop"))
				.build();
			Callable<?> kept = () -> client.get().uri("/actuator/health").retrieve().toBodilessEntity();
			Callable<?> once = () -> served(tls, port);
			Load.during(REFRESHES, Duration.ofMillis(REAL ? 200 : 2), List.of(kept, once), () -> {
				refresh.run();
				Instant switched = Files
					.getLastModifiedTime(this.directory.resolve("..data"), LinkOption.NOFOLLOW_LINKS)
					.toInstant();
				Awaitility.await().until(() -> served(tls, port).equals(pair().leaf()));
				delays.add(Duration.between(switched, Instant.now()));
				Awaitility.await().untilAsserted(() -> assertThat(trusted(bundle)).containsAll(trustBundle()));
				LoggerFactory.getLogger(PodCertificateEndToEndTests.class)
					.info("Volume switched at {}, {} served after {} ms", switched, pair().serialNumber(),
							delays.get(delays.size() - 1).toMillis());
			});
		}
		assertThat(delays).allSatisfy((delay) -> assertThat(delay).isLessThan(Duration.ofSeconds(12)));
	}

	/** Refreshes the volume, or waits until a kubelet does. */
	private Load.ThrowingRunnable refresh() {
		if (REAL) {
			this.directory = EndToEndCluster.file("pod-certificate.volume", "the volume of a pod");
			return () -> {
				CertificatePair before = pair();
				Awaitility.await()
					.timeout(PATIENCE)
					.pollInterval(Duration.ofMillis(100))
					.until(() -> !pair().equals(before));
			};
		}
		PodCertificateVolume volume = PodCertificateVolume.in(this.directory, Clock.systemUTC());
		volume.issue("spiffe://example.org/ns/shop/sa/shop");
		return () -> volume.issue("spiffe://example.org/ns/shop/sa/shop");
	}

	private ConfigurableApplicationContext run() throws Exception {
		String identity = PeerIdentity.of(pair().leaf()).uri();
		return new SpringApplicationBuilder(Application.class).run("--server.port=0", "--server.ssl.bundle=shop",
				"--server.ssl.client-auth=need", "--kubelet.cert.pair-name=shop",
				"--kubelet.cert.rotate-certificates=false",
				"--kubelet.cert.tls-cert-file=" + this.directory.resolve("credentialbundle.pem"),
				"--kubelet.cert.ssl.trust-file=" + this.directory.resolve("trustbundle.pem"),
				"--kubelet.cert.ssl.accepted-clients.uris=" + identity,
				"--kubelet.cert.ssl.accepted-servers.uris=" + identity);
	}

	private CertificatePair pair() throws Exception {
		return Pem.readPair(Files.readString(this.directory.resolve("credentialbundle.pem")));
	}

	private List<X509Certificate> trustBundle() throws Exception {
		return Pem.readCertificates(Files.readString(this.directory.resolve("trustbundle.pem")));
	}

	private static Set<X509Certificate> trusted(SslBundle bundle) {
		return Set.of(((X509TrustManager) bundle.getManagers().getTrustManagers()[0]).getAcceptedIssuers());
	}

	/** What the server presents to a client with the certificate of the volume. */
	private static X509Certificate served(SSLContext tls, int port) throws Exception {
		EndToEndClient client = new EndToEndClient(tls);
		client.get(port, "/actuator/health");
		return client.certificate();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
