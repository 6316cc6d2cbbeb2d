package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

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
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The authorities in a ConfigMap, through all that happens to a watch.
 *
 * @see PublishedAuthorities
 * @see Informer
 */
@ExtendWith(OutputCaptureExtension.class)
class ConfigMapAuthoritiesTests {

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	@AutoClose
	private final Adapter adapter = new Adapter();

	private final EmbeddedControlPlane controlPlane = this.adapter.controlPlane;

	private CoreV1Api api;

	private PublishedAuthorities authorities;

	@BeforeEach
	void connect() {
		this.api = new CoreV1Api(
				Adapter.client(this.controlPlane.writeKubeconfig(this.adapter.directory, this.controlPlane.admin())));
		ApiClient client = Adapter.client(
				this.controlPlane.writeKubeconfig(this.adapter.directory, this.controlPlane.addToken("token", "app")));
		this.controlPlane.allow("app", Set.of("list", "watch"), "configmaps", "trust");
		this.authorities = authorities(() -> client);
	}

	@AfterEach
	void close() {
		this.authorities.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			ca.pem | whatever | it has no key ca.crt
			ca.crt | nonsense | must contain the certificates of the authorities under ca.crt in PEM form
			""")
	void contentThatIsOfNoUseIsTold(String key, String value, String message) throws Exception {
		create(Map.of(key, value));
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(this::read)
			.withMessageContaining(message);
	}

	@Test
	void endOfAnOutageIsReportedOnce(CapturedOutput output) throws Exception {
		create(content(AUTHORITY));
		this.controlPlane.faults().next(3, (request) -> request.path().contains("configmaps")).answer(503);
		assertThat(read().authorities()).containsExactly(AUTHORITY.certificate());
		assertThat(output).containsOnlyOnce("ConfigMap default/trust cannot be watched for now: The API server at ");
		replaceWith(new TestAuthority("event"));
		replaceWith(new TestAuthority("other"));
		assertThat(output).containsOnlyOnce("ConfigMap default/trust can be watched again");
	}

	@Test
	void removedAuthorityIsNotReadAnHourLaterIfTheServerAsksForThat() throws Exception {
		create(content(AUTHORITY));
		assertThat(read().authorities()).containsExactly(AUTHORITY.certificate());
		Awaitility.await().until(() -> this.controlPlane.openWatches() == 1);
		this.controlPlane.faults()
			.next(1, ConfigMapAuthoritiesTests::isList)
			.answer(429, Duration.ofHours(1))
			.cutWatches();
		Awaitility.await().until(() -> this.controlPlane.count((request) -> request.status() == 429) == 1);
		replaceWith(new TestAuthority("other"));
	}

	/** A restored API server serves a watch from the future, and sends nothing. */
	@Test
	void changeAfterARestoreOfEtcdIsSeen() throws Exception {
		create(content(AUTHORITY));
		assertThat(read().authorities()).containsExactly(AUTHORITY.certificate());
		Awaitility.await().until(() -> this.controlPlane.openWatches() == 1);
		replaceWith(new TestAuthority("event"));
		this.controlPlane.faults().resetResourceVersions();
		replaceWith(new TestAuthority("other"));
		assertThat(this.controlPlane.count(ConfigMapAuthoritiesTests::isList)).isEqualTo(2);
	}

	private static boolean isList(RecordedRequest request) {
		return request.method().equals("GET") && request.path().endsWith("/configmaps") && !request.isWatch();
	}

	private void replaceWith(TestAuthority authority) throws Exception {
		this.api.replaceNamespacedConfigMap("trust", "default", configMap(content(authority))).execute();
		Awaitility.await().until(() -> read().authorities().equals(List.of(authority.certificate())));
	}

	@Test
	void kubeconfigThatCannotBeUsedIsNotWaitedFor() {
		PublishedAuthorities unreachable = authorities(() -> {
			throw new KubernetesConfigurationException("The kubeconfig is of no use");
		});
		unreachable.version(Duration.ofDays(1));
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(unreachable::read)
			.withMessage("The ConfigMap default/trust cannot be read: The kubeconfig is of no use")
			.returns(Kind.OTHER, KubernetesConfigurationException::kind);
		unreachable.close();
	}

	private Trust read() {
		this.authorities.version(Duration.ofMinutes(1));
		return this.authorities.read();
	}

	private PublishedAuthorities authorities(Supplier<ApiClient> clients) {
		return new PublishedAuthorities(PublishedAuthorities.Place.configMap("default", "trust", "ca.crt"), clients,
				this.adapter.executor);
	}

	private void create(Map<String, String> data) throws Exception {
		this.api.createNamespacedConfigMap("default", configMap(data)).execute();
	}

	private static V1ConfigMap configMap(Map<String, String> data) {
		return new V1ConfigMap().metadata(new V1ObjectMeta().name("trust")).data(data);
	}

	private static Map<String, String> content(TestAuthority authority) {
		return Map.of("ca.crt", Pem.write(List.of(authority.certificate())));
	}

}
