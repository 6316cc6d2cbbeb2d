package io.kubelet.cert.replicas;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.OffsetClock;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Replicas of an application that share the certificate {@code shop} in the Secret
 * {@code shop/shop-tls} of an embedded control plane. Each replica is an application
 * context.
 */
final class Replicas implements AutoCloseable {

	static final Duration PATIENCE = Duration.ofMinutes(2);

	private static final String SIGNER = "example.com/shop";

	private static final String ACCOUNT = "system:serviceaccount:shop:shop";

	final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	final List<Replica> running = new CopyOnWriteArrayList<>();

	static {
		// The first conversions of a JVM must not happen in several contexts at once
		try (ConfigurableApplicationContext context = refreshed(SettingsConfiguration.class, Clock.systemUTC(),
				Map.of("kubelet.cert.kubernetes.kubeconfig", "none"))) {
			assertThat(context.isActive()).isTrue();
		}
	}

	/** Of kubeconfigs and other files; deleted at the end. */
	final Path directory = Adapter.temporaryDirectory();

	private final Path kubeconfig = this.plane.writeKubeconfig(this.directory,
			this.plane.addServiceAccount("shop", "shop"));

	/** Of all replicas. */
	final OffsetClock clock = new OffsetClock();

	Replicas() {
		this.plane.behavior().sign(SIGNER);
		this.plane.allow(ACCOUNT, Set.of("create", "get", "list", "watch"), "certificatesigningrequests");
		this.plane.allow(ACCOUNT, Set.of("get", "list", "watch", "update"), "secrets", "shop-tls");
		this.plane.allowIn("shop", ACCOUNT, Set.of("create"), "secrets");
		this.plane.allowIn("shop", ACCOUNT, Set.of("create", "get", "list", "watch", "delete"),
				"certificaterequests.cert-manager.io");
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

	/** Starts a replica, which waits for its certificate. */
	Replica start(String... properties) {
		Map<String, Object> all = new HashMap<>();
		Stream
			.concat(Stream.of("pair-name=shop", "store.type=secret", "store.secret=shop-tls", "signer-name=" + SIGNER,
					"template.common-name=shop", "template.dns-names=shop.shop.svc",
					"kubernetes.kubeconfig=" + this.kubeconfig, "rotation.forced-interval=0s", "startup.timeout=120s"),
					Stream.of(properties))
			.map((property) -> property.split("=", 2))
			.forEach((property) -> all.put("kubelet.cert." + property[0], property[1]));
		Replica replica = new Replica(refreshed(Application.class, this.clock, all));
		this.running.add(replica);
		return replica;
	}

	/** Starts replicas at the same time. */
	void startTogether(int count) throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(count);
		for (Future<Replica> started : threads.invokeAll(Collections.<Callable<Replica>>nCopies(count, this::start))) {
			started.get();
		}
		threads.shutdown();
	}

	/** The requests for certificates that were created. */
	int creates() {
		return this.plane.count(RecordedRequest::isCreate);
	}

	Map<String, String> secret() {
		return this.plane.secrets().find("shop", "shop-tls").orElse(new TreeMap<>());
	}

	CertificatePair stored() {
		Map<String, String> secret = secret();
		return Pem.readPair(secret.getOrDefault("tls.crt", ""), secret.getOrDefault("tls.key", ""));
	}

	boolean isPending() {
		return secret().containsKey("request.pem");
	}

	void awaitPending() {
		await().atMost(PATIENCE).until(() -> isPending() && !this.plane.openCertificateSigningRequests().isEmpty());
	}

	/** Let nobody approve anything until {@link #approve()}. */
	void approveNothing() {
		this.plane.behavior().approval(ApprovalPolicy.manual());
	}

	void approve() {
		this.plane.behavior().approval(ApprovalPolicy.approving());
	}

	/** Waits until all replicas have the pair in the Secret, and nothing is pending. */
	CertificatePair awaitAgreement() {
		await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(this.running).allSatisfy((replica) -> {
				assertThat(replica.manager().current()).contains(stored());
				assertThat(replica.status().state()).isEqualTo(CertificateStatus.State.VALID);
			});
			assertThat(isPending()).as("a request is pending").isFalse();
		});
		return stored();
	}

	/** Waits until all replicas agree, and counts from then on. */
	CertificatePair settle() {
		CertificatePair pair = awaitAgreement();
		this.plane.clearRequests();
		return pair;
	}

	/** Waits until all replicas have another pair than this one. */
	CertificatePair awaitSuccessor(CertificatePair pair) {
		await().atMost(PATIENCE).until(() -> !pair.equals(stored()));
		return awaitAgreement();
	}

	@Override
	public void close() {
		this.running.forEach(Replica::stop);
		this.plane.close();
		FileSystemUtils.deleteRecursively(this.directory.toFile());
	}

	/**
	 * One replica.
	 */
	final class Replica {

		private final ConfigurableApplicationContext context;

		Replica(ConfigurableApplicationContext context) {
			this.context = context;
		}

		CertificateManager manager() {
			return this.context.getBean(CertificateManager.class);
		}

		CertificateStatus status() {
			return manager().status();
		}

		/** The pair that it serves. */
		CertificatePair pair() {
			return manager().current().orElseThrow();
		}

		/** Ends it. What it has begun remains. */
		void stop() {
			Replicas.this.running.remove(this);
			this.context.close();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, CertificateSslAutoConfiguration.class,
			SslAutoConfiguration.class })
	static class Application {

	}

}
