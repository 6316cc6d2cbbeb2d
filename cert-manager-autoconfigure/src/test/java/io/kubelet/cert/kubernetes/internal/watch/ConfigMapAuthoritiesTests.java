package io.kubelet.cert.kubernetes.internal.watch;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class ConfigMapAuthoritiesTests {

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	@AutoClose
	private final Adapter adapter = new Adapter();

	private final EmbeddedControlPlane controlPlane = this.adapter.controlPlane;

	private CoreV1Api api;

	private ApiClient client;

	private PublishedAuthorities authorities;

	private Duration patience = Duration.ofSeconds(60);

	@BeforeEach
	void connect() {
		this.api = new CoreV1Api(
				Adapter.client(this.controlPlane.writeKubeconfig(this.adapter.directory, this.controlPlane.admin())));
		this.client = Adapter.client(
				this.controlPlane.writeKubeconfig(this.adapter.directory, this.controlPlane.addToken("token", "app")));
		this.authorities = authoritiesIn("trust");
	}

	@AfterEach
	void close() {
		this.authorities.close();
	}

	@Test
	void authoritiesOfTheClusterAreThereForWhoeverMayReadThem() {
		this.authorities = authoritiesIn("kube-root-ca.crt");
		this.controlPlane.allow("app", Set.of("list", "watch"), "configmaps", "kube-root-ca.crt");
		assertThat(read().authorities()).isEqualTo(Pem.readCertificates(this.controlPlane.caPem()));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			ca.pem | whatever | it has no key ca.crt
			ca.crt | nonsense | must contain the certificates of the authorities under ca.crt in PEM form
			""")
	void contentThatIsOfNoUseIsTold(String key, String value, String message) throws Exception {
		permit();
		create(Map.of(key, value));
		assertFails(message);
	}

	@Test
	void missingConfigMapIsTold() {
		permit();
		assertThat(this.controlPlane.requests()).as("before the first reading").isEmpty();
		assertFails("The ConfigMap default/trust cannot be read: it does not exist");
	}

	@ParameterizedTest
	@ValueSource(ints = { 429, 503 })
	void hiccupOfTheServerIsWaitedOut(int status) throws Exception {
		permit();
		create(Map.of("ca.crt", pem(AUTHORITY)));
		this.controlPlane.faults().next(1, (request) -> request.path().contains("configmaps")).answer(status);
		assertThat(read().authorities()).containsExactly(AUTHORITY.certificate());
	}

	@Test
	void serverThatIsAwayIsToldAndAskedAgain() throws Exception {
		permit();
		create(Map.of("ca.crt", pem(AUTHORITY)));
		this.patience = Duration.ofMillis(100);
		this.controlPlane.pause();
		assertFails("The ConfigMap default/trust cannot be read");
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.satisfies((problem) -> assertThat(problem.kind()).isEqualTo(Kind.UNAVAILABLE));
		Awaitility.await()
			.untilAsserted(() -> assertFails("The API server at " + this.client.getBasePath() + " cannot be reached"));
		this.controlPlane.resume();
		Awaitility.await()
			.ignoreExceptions()
			.untilAsserted(() -> assertThat(read().authorities()).containsExactly(AUTHORITY.certificate()));
	}

	/** A restored API server serves a watch from the future, and sends nothing. */
	@Test
	void changeAfterARestoreOfEtcdIsSeen() throws Exception {
		permit();
		create(Map.of("ca.crt", pem(AUTHORITY)));
		assertThat(read().authorities()).containsExactly(AUTHORITY.certificate());
		Awaitility.await().until(() -> this.controlPlane.openWatches() == 1);
		replaceWith(new TestAuthority("event"));
		this.controlPlane.faults().resetResourceVersions();
		replaceWith(new TestAuthority("other"));
		assertThat(this.controlPlane.count(ConfigMapAuthoritiesTests::isList)).isEqualTo(2);
	}

	@Test
	void missingPermissionIsToldWithTheRoleToApply() {
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.withMessageContainingAll(
					"cannot be read: the API server answers 403: configmaps \"trust\" is forbidden: "
							+ "User \"app\" cannot list resource \"configmaps\"",
					"list and watch on the ConfigMap are needed", "lacks the permission to list configmaps trust", """
							kind: Role
							metadata:
							  name: configmaps-reader-app-%08x.trust
							  namespace: default
							rules:
							- apiGroups: [""]
							  resources: ["configmaps"]
							  resourceNames: ["trust"]
							  verbs: ["list", "watch"]
							---
							""".formatted("app".hashCode()), "kind: RoleBinding")
			.satisfies((problem) -> assertThat(problem.kind()).isEqualTo(Kind.UNAUTHORIZED));
	}

	private static boolean isList(RecordedRequest request) {
		return request.method().equals("GET") && request.path().endsWith("/configmaps") && !request.isWatch();
	}

	private void replaceWith(TestAuthority authority) throws Exception {
		this.api.replaceNamespacedConfigMap("trust", "default", configMap(Map.of("ca.crt", pem(authority)))).execute();
		Awaitility.await().until(() -> read().authorities().equals(List.of(authority.certificate())));
	}

	@Test
	void kubeconfigThatCannotBeUsedIsNotWaitedFor() {
		this.authorities = new PublishedAuthorities(PublishedAuthorities.Place.configMap("default", "trust", "ca.crt"),
				() -> {
					throw new KubernetesConfigurationException("The kubeconfig is of no use");
				}, this.adapter.executor);
		this.patience = Duration.ofDays(1);
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.withMessage("The ConfigMap default/trust cannot be read: The kubeconfig is of no use")
			.satisfies((problem) -> assertThat(problem.kind()).isEqualTo(Kind.OTHER));
	}

	private void assertFails(String message) {
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.withMessageContaining(message);
	}

	private Trust read() {
		version();
		return this.authorities.read();
	}

	private Object version() {
		return this.authorities.version(this.patience);
	}

	private PublishedAuthorities authoritiesIn(String name) {
		return new PublishedAuthorities(PublishedAuthorities.Place.configMap("default", name, "ca.crt"),
				() -> this.client, this.adapter.executor);
	}

	private void permit() {
		this.controlPlane.allow("app", Set.of("list", "watch"), "configmaps", "trust");
	}

	private void create(Map<String, String> data) throws Exception {
		this.api.createNamespacedConfigMap("default", configMap(data)).execute();
	}

	private static V1ConfigMap configMap(Map<String, String> data) {
		return new V1ConfigMap().metadata(new V1ObjectMeta().name("trust")).data(data);
	}

	private static String pem(TestAuthority authority) {
		List<X509Certificate> certificates = List.of(authority.certificate());
		return Pem.write(certificates);
	}

}
