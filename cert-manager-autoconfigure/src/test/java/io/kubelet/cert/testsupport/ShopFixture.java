package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.MapPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Replicas of an application with the certificate {@code shop}, each an application
 * context. Unless they are told otherwise, they share it in the Secret
 * {@code shop/shop-tls} of an embedded control plane. Tests extend it.
 */
public abstract class ShopFixture {

	protected static final Duration PATIENCE = Duration.ofMinutes(2);

	protected static final String SIGNER = "example.com/shop";

	@AutoClose
	protected final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	protected final List<ConfigurableApplicationContext> running = new CopyOnWriteArrayList<>();

	@TempDir
	@SuppressWarnings("NullAway.Init")
	protected Path directory;

	private Path kubeconfig;

	/** Of all applications. */
	protected final OffsetClock clock = new OffsetClock();

	/** What each application is made of. */
	protected Class<?> configuration = Application.class;

	/** The first conversions of a JVM must not happen in several contexts at once. */
	@BeforeAll
	protected static void convert() {
		refreshed(SettingsConfiguration.class, Clock.systemUTC(), Map.of("kubelet.cert.kubernetes.kubeconfig", "none"))
			.close();
	}

	@BeforeEach
	protected void permit() {
		this.kubeconfig = ShopAccount.writeKubeconfig(this.plane, this.directory);
		this.plane.behavior().sign(SIGNER);
		this.plane.allow(ShopAccount.NAME, Set.of("create", "list", "watch"), "certificatesigningrequests");
		ShopAccount.permitSecret(this.plane);
	}

	@AfterEach
	protected void stopAll() {
		this.running.forEach(this::stop);
	}

	/** Starts a replica, which waits for its certificate. */
	protected ConfigurableApplicationContext start(String... properties) {
		Map<String, Object> all = new HashMap<>();
		Stream
			.concat(Stream.of("pair-name=shop", "store.type=secret", "store.secret=shop-tls", "signer-name=" + SIGNER,
					"template.common-name=shop", "template.dns-names=shop.shop.svc",
					"kubernetes.kubeconfig=" + this.kubeconfig, "rotation.forced-interval=0s", "startup.timeout=120s"),
					Stream.of(properties))
			.map((property) -> property.split("=", 2))
			.forEach((property) -> all.put("kubelet.cert." + property[0], property[1]));
		ConfigurableApplicationContext replica = refreshed(this.configuration, this.clock, all);
		this.running.add(replica);
		return replica;
	}

	/** Starts an application that keeps the certificate in files. */
	protected ConfigurableApplicationContext startWithFiles(String... properties) {
		return start(Stream.concat(Stream.of("store.type=file", "store.secret=", files()), Stream.of(properties))
			.toArray(String[]::new));
	}

	/** Keeps the certificate in files, or a copy of it. */
	protected String files() {
		return "cert-dir=" + pki();
	}

	protected Path pki() {
		return this.directory.resolve("pki");
	}

	private static ConfigurableApplicationContext refreshed(Class<?> configuration, Clock clock,
			Map<String, Object> properties) {
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.getEnvironment().getPropertySources().addFirst(new MapPropertySource("replica", properties));
		context.getBeanFactory().registerSingleton(CertificateManagerAutoConfiguration.CLOCK, clock);
		context.register(configuration);
		context.refresh();
		return context;
	}

	/** Starts replicas, each on a thread of its own. */
	protected void startTogether(int count) {
		startTogether(count, this::start);
	}

	/** Starts replicas, each on a thread of its own. */
	protected void startTogether(int count, Runnable start) {
		CompletableFuture
			.allOf(Stream.generate(() -> CompletableFuture.runAsync(start, (task) -> new Thread(task).start()))
				.limit(count)
				.toArray(CompletableFuture[]::new))
			.join();
	}

	/** Begins a rotation for which nobody approves the request. */
	protected CertificatePair rotatePending(ConfigurableApplicationContext application) {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		manager(application).rotate();
		await().until(() -> status(application).pendingRequest() != null);
		return pair(application);
	}

	/** What it has begun remains. */
	protected void stop(ConfigurableApplicationContext replica) {
		this.running.remove(replica);
		replica.close();
	}

	protected static CertificateManager manager(ConfigurableApplicationContext replica) {
		return replica.getBean(CertificateManager.class);
	}

	protected static CertificateStatus status(ConfigurableApplicationContext replica) {
		return manager(replica).status();
	}

	protected static CertificatePair pair(ConfigurableApplicationContext replica) {
		return manager(replica).current().orElseThrow();
	}

	protected int creates() {
		return this.plane.count(RecordedRequest::isCreate);
	}

	protected Map<String, String> secret() {
		return this.plane.secrets().find("shop", "shop-tls").orElse(new TreeMap<>());
	}

	protected CertificatePair stored() {
		Map<String, String> secret = secret();
		return Pem.readPair(secret.getOrDefault("tls.crt", ""), secret.getOrDefault("tls.key", ""));
	}

	protected boolean isPending() {
		return secret().containsKey("request.pem");
	}

	/** Waits until all replicas have the pair in the Secret, and nothing is pending. */
	protected CertificatePair awaitAgreement() {
		await().untilAsserted(() -> {
			assertThat(this.running).allSatisfy((replica) -> {
				assertThat(manager(replica).current()).contains(stored());
				assertThat(status(replica).state()).isEqualTo(CertificateStatus.State.VALID);
			});
			assertThat(isPending()).as("a request is pending").isFalse();
		});
		return stored();
	}

	/** Waits until all replicas agree, and counts from then on. */
	protected CertificatePair settle() {
		CertificatePair pair = awaitAgreement();
		this.plane.clearRequests();
		return pair;
	}

	/** Waits until all replicas have another pair than this one. */
	protected CertificatePair awaitSuccessor(CertificatePair pair) {
		await().until(() -> !pair.equals(stored()));
		return awaitAgreement();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, CertificateSslAutoConfiguration.class,
			SslAutoConfiguration.class })
	protected static class Application {

	}

	/** Checks its files twice in a second. */
	@Configuration(proxyBeanMethods = false)
	@Import({ Application.class, HastyTrust.class })
	protected static class HastyApplication {

	}

}
