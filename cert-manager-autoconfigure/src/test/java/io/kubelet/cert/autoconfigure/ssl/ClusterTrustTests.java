package io.kubelet.cert.autoconfigure.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.LiveSource;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Trust in the authorities of the cluster.
 *
 * @see TrustedAuthorities
 */
@ExtendWith(OutputCaptureExtension.class)
class ClusterTrustTests extends ClusterFixture {

	private static final String BOOTSTRAPPER = "system:bootstrap:abcdef";

	@Test
	void configMapIsFollowedAndItsDeletionIsNoInvalidProperty(CapturedOutput output) {
		runner(this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin()))
			.withPropertyValues("kubelet.cert.ssl.trust-config-map=kube-root-ca.crt")
			.run((context) -> {
				SslBundle bundle = bundle(context);
				assertThat(trusted(bundle)).isOne();
				api()
					.replaceNamespacedConfigMap("kube-root-ca.crt", "default",
							new V1ConfigMap().metadata(new V1ObjectMeta().name("kube-root-ca.crt"))
								.data(Map.of("ca.crt", Pem.write(List.of(new TestAuthority("next").certificate())))))
					.execute();
				Awaitility.await().until(() -> trusted(bundle) == 2);
				api().deleteNamespacedConfigMap("kube-root-ca.crt", "default").execute();
				Awaitility.await().untilAsserted(() -> {
					assertThat(trusted(bundle)).isEqualTo(2);
					assertThat(output)
						.contains("The ConfigMap default/kube-root-ca.crt cannot be read: it does not exist "
								+ "any more; the certificate authorities that were read before remain");
				});
				assertThat(output).doesNotContain("trust-config-map' with");
			});
	}

	/** What was read before remains trusted, also what has been removed since. */
	@Test
	void configMapThatCannotBeWatchedAnyMoreIsAProblemUntilItCan() {
		runner(this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin()))
			.withPropertyValues("kubelet.cert.ssl.trust-config-map=kube-root-ca.crt")
			.run((context) -> {
				assertThat(trusted(bundle(context))).isOne();
				LiveTrust trust = Objects
					.requireNonNull(context.getBean(TrustedAuthorities.class).find("kubelet-client"));
				Awaitility.await().until(() -> this.controlPlane.openWatches() > 0);
				assertThat(trust.sources()).singleElement().returns(null, LiveSource.Status::problem);
				this.controlPlane.faults()
					.next(1000, (request) -> request.path().contains("configmaps"))
					.answer(403)
					.cutWatches();
				Awaitility.await()
					.untilAsserted(() -> assertThat(trust.sources()).singleElement()
						.satisfies((source) -> assertThat(source.problem())
							.startsWith("The ConfigMap default/kube-root-ca.crt cannot be watched for now: ")
							.contains("403")));
				assertThat(trust.sources().get(0).trust().authorities()).hasSize(1);
				this.controlPlane.faults().clear();
				Awaitility.await()
					.untilAsserted(() -> assertThat(trust.sources()).singleElement()
						.returns(null, LiveSource.Status::problem));
			});
	}

	/** Without the permission, the property is right and the role is missing. */
	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					v1 | list | trust-config-map=kube-system/nothing | kubelet.cert.ssl.trust-config-map | The ConfigMap kube-system/nothing \
					cannot be read: it does not exist
					v1 | create | trust-config-map=kube-root-ca.crt | 403 | list and watch on the ConfigMap are needed
					v1 | list | trust-bundle.name=nothing | kubelet.cert.ssl.trust-bundle.name | The ClusterTrustBundle nothing \
					cannot be read: it does not exist
					v1 | list | trust-bundle.signer-name=example.com/shop | kubelet.cert.ssl.trust-bundle.signer-name | The \
					ClusterTrustBundle of signer example.com/shop cannot be read: it does not exist
					v2 | list | trust-bundle.name=shop | kubelet.cert.ssl.trust-bundle.name | the cluster serves ClusterTrustBundle \
					neither as certificates.k8s.io/v1
					v1beta1 | create | trust-bundle.name=shop | The ClusterTrustBundle shop cannot be read: the API server answers \
					403 | list and watch on clustertrustbundles in API group certificates.k8s.io are needed
					""")
	void startThatFailsNamesThePropertyOrTheRole(String version, String verb, String property, String first,
			String second) {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().trustBundles(version).start()) {
			for (String resource : List.of("clustertrustbundles", "configmaps")) {
				plane.allow(BOOTSTRAPPER, Set.of(verb, "watch"), resource);
			}
			runner(plane.writeKubeconfig(this.directory)).withPropertyValues("kubelet.cert.ssl." + property)
				.run((context) -> assertThat(context.getStartupFailure()).rootCause()
					.hasMessageContaining(first)
					.hasMessageContaining(second)
					.satisfies((failure) -> assertThat(failure instanceof CertificateManagerException missing
							&& missing.report().contains("kubectl create "))
						.isNotEqualTo(failure instanceof InvalidConfigurationPropertyValueException)
						.isEqualTo(verb.equals("create"))));
		}
	}

	/** The start says which source is missing, and does without it only if it may. */
	@Test
	void sourceThatIsMissingAmongOthersIsNamed(CapturedOutput output) {
		ApplicationContextRunner runner = runner(
				this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin()))
			.withPropertyValues("kubelet.cert.ssl.trust=cluster", "kubelet.cert.ssl.trust-config-map=later");
		runner.run((context) -> assertThat(StartFailures.property(context.getStartupFailure()))
			.hasMessageStartingWith("Property kubelet.cert.ssl.trust-config-map with value 'later' is invalid: "
					+ "The ConfigMap default/later cannot be read: it does not exist"));
		runner.withPropertyValues("kubelet.cert.startup.mode=background").run((context) -> {
			assertThat(trusted(bundle(context))).isOne();
			Awaitility.await()
				.untilAsserted(() -> assertThat(output)
					.contains("The SSL bundle 'kubelet-client' trusts no authority of "
							+ "'kubelet.cert.ssl.trust-config-map' for now: The ConfigMap default/later cannot be read: "));
			api()
				.createNamespacedConfigMap("default",
						new V1ConfigMap().metadata(new V1ObjectMeta().name("later"))
							.data(Map.of("ca.crt", Pem.write(List.of(new TestAuthority("next").certificate())))))
				.execute();
			Awaitility.await().until(() -> trusted(bundle(context)) == 2);
		});
	}

	/** Never silently those of the JDK. */
	@Test
	void kubeconfigThatNamesNoAuthorityLeadsToNobody(CapturedOutput output) throws IOException {
		Path kubeconfig = this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin());
		String whole = Files.readString(kubeconfig);
		Files.writeString(kubeconfig,
				whole.replaceAll("certificate-authority-data: .*", "insecure-skip-tls-verify: true"));
		runner(kubeconfig).withUserConfiguration(HastyTrust.class).run((context) -> {
			X509TrustManager trust = (X509TrustManager) bundle(context).getManagers().getTrustManagers()[0];
			X509Certificate issued = this.controlPlane.issueClientCertificate("one").certificate();
			assertThat(trusted(bundle(context))).isOne();
			assertThat(trust.getAcceptedIssuers()).isEmpty();
			assertThatExceptionOfType(CertificateException.class)
				.isThrownBy(() -> trust.checkClientTrusted(new X509Certificate[] { issued }, "EC"));
			assertThat(output)
				.contains("contains no certificate authority, so the SSL bundle 'kubelet-client' trusts nobody")
				.contains("set 'kubelet.cert.ssl.trust' to 'system'");
			Files.writeString(kubeconfig, whole);
			Awaitility.await()
				.ignoreExceptions()
				.untilAsserted(() -> trust.checkClientTrusted(new X509Certificate[] { issued }, "EC"));
		});
		runner(kubeconfig).withPropertyValues("kubelet.cert.ssl.trust=system")
			.run((context) -> assertThat(bundle(context).getStores().getTrustStore()).isNull());
		Files.writeString(kubeconfig,
				whole.replaceAll("certificate-authority-data: .*", "insecure-skip-tls-verify: true"));
		runner(kubeconfig).withPropertyValues("kubelet.cert.ssl.trust=system,cluster").run((context) -> {
			assertThat(bundle(context).getStores().getTrustStore()).isNull();
			assertThat(output).contains("contains no certificate authority, so the SSL bundle 'kubelet-client' trusts "
					+ "those of its other sources only. ");
		});
	}

	@Test
	void withoutAClusterWhomToTrustHasToBeSaid() throws Exception {
		ClientCertificate pair = this.controlPlane.issueClientCertificate("one");
		Path pem = Files.writeString(this.directory.resolve("tls.pem"),
				Pem.write(new CertificatePair(List.of(pair.certificate()), pair.key())));
		Path kubeconfig = this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin());
		Files.writeString(kubeconfig, Files.readString(kubeconfig)
			.replaceAll("certificate-authority-data: .*", "certificate-authority: absent.crt"));
		runner(kubeconfig)
			.withPropertyValues("kubelet.cert.rotate-certificates=false", "kubelet.cert.tls-cert-file=" + pem,
					"kubelet.cert.tls-private-key-file=" + pem)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidConfigurationPropertyValueException.class)
				.hasMessageContaining("kubelet.cert.ssl.trust")
				.hasMessageContaining("does not exist"));
	}

	private ApplicationContextRunner runner(Path kubeconfig) {
		return node().withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig);
	}

	private CoreV1Api api() {
		return new CoreV1Api(
				TestClients.create(this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.admin())));
	}

	private static SslBundle bundle(ApplicationContext context) {
		return context.getBean(SslBundles.class).getBundle("kubelet-client");
	}

	private static int trusted(SslBundle bundle) throws Exception {
		KeyStore store = Objects.requireNonNull(bundle.getStores().getTrustStore());
		return store.size();
	}

}
