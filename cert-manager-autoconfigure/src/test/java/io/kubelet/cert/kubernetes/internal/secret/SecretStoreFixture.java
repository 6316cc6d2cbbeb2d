package io.kubelet.cert.kubernetes.internal.secret;

import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Predicate;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import static org.awaitility.Awaitility.await;

/**
 * Tests of a {@link SecretStore} on an API server.
 */
abstract class SecretStoreFixture {

	static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("shop");

	static final Instant DEADLINE = Instant.parse("2030-01-01T00:00:00Z");

	@AutoClose
	final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final List<AutoCloseable> closed = new ArrayList<>();

	@TempDir
	Path directory;

	private Path kubeconfig;

	/** Of the stores that are opened from now on. */
	IssuedCertificateCheck check = IssuedCertificateCheck.ofAnyAuthority();

	SecretStore store;

	@BeforeEach
	void open() {
		this.kubeconfig = this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("shop", "shop"));
		ShopAccount.permitSecret(this.plane);
		this.store = store(null);
	}

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	SecretStore store(@Nullable CertificateStore copy) {
		return store("shop", true, copy);
	}

	SecretStore store(String certificate, boolean rotates, @Nullable CertificateStore copy) {
		ApiClientProvider clients = new ApiClientProvider(new KubeconfigSource(this.kubeconfig, null), null, null,
				Adapter::daemon, Adapter.NOT_FOLLOWED, Clock.systemUTC());
		SecretStore store = new SecretStore("shop", "shop-tls",
				new SharedCertificate(certificate, rotates, this.check, null, Duration.ZERO), copy, clients,
				Clock.systemUTC());
		this.closed.addAll(List.of(clients, store));
		return store;
	}

	CertificateStore copy() {
		return new FileCertificateStore(this.directory.resolve("pki"), "shop", null, 5, Clock.systemUTC());
	}

	/** Goes on as a user that has only these permissions. */
	void permitOnly(String... verbs) {
		this.plane.allow("system:serviceaccount:shop:weak", Set.of(verbs), "secrets", "shop-tls");
		this.kubeconfig = this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("shop", "weak"));
		this.store = store(null);
	}

	static void use(SecretStore store) {
		store.keep(Objects.requireNonNull(store.read().pair()));
	}

	void awaitWatches(int count) {
		await().until(() -> this.plane.openWatches() == count);
	}

	SortedMap<String, String> secret() {
		return this.plane.secrets().find("shop", "shop-tls").orElseThrow();
	}

	static Predicate<RecordedRequest> updates() {
		return (request) -> request.method().equals("PUT");
	}

	static Map<String, String> data(CertificatePair pair) {
		return Map.of("tls.crt", Pem.write(pair.chain()), "tls.key", Pem.writePrivateKey(pair));
	}

	static CertificatePair pair() {
		Instant now = Instant.now();
		return AUTHORITY.pair(TEMPLATE, now.minusSeconds(60), now.plus(Duration.ofDays(1)));
	}

	static PendingRequest pending() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new PendingRequest(Adapter.newRequest("shop-1", "shop", keys), keys.getPrivate(),
				KeySpecification.EC_P256, null);
	}

}
