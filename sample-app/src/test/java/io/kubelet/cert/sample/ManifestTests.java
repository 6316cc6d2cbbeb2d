package io.kubelet.cert.sample;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.addresses.AddressSourceKind;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ClusterRole;
import io.kubernetes.client.openapi.models.V1ClusterRoleBinding;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V1VolumeProjection;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

import org.springframework.boot.test.context.ConfigDataApplicationContextInitializer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the manifests of the application: each object matches the model of the
 * Kubernetes client, the objects agree with each other, and the configuration is valid.
 * What is missing in an object is null in its model, and fails a test.
 *
 * @see "sample-app/src/main/kubernetes"
 */
@NullUnmarked
class ManifestTests {

	private static final Path KUBERNETES = Path.of("src", "main", "kubernetes");

	private static final Path BASE = KUBERNETES.resolve("base");

	/** The base without cert-manager. */
	private static final Path SIGNER = KUBERNETES.resolve("signer");

	private static final Path MUTUAL_TLS = KUBERNETES.resolve("mutual-tls");

	private static final Path POD_CERTIFICATE = KUBERNETES.resolve("pod-certificate");

	/** Whole manifests; the rest are patches. */
	private static final List<Path> MANIFESTS = List.of(BASE, SIGNER.resolve("rbac.yaml"),
			KUBERNETES.resolve("approver-policy/rbac.yaml"), KUBERNETES.resolve("node.yaml"));

	@TempDir
	Path directory;

	@ParameterizedTest(name = "{0}")
	@MethodSource("objects")
	void objectMatchesItsModel(Manifest manifest) throws Exception {
		JsonElement json = new Gson().toJsonTree(manifest.content());
		Class<?> model = manifest.model();
		model.getMethod("validateJsonElement", JsonElement.class).invoke(null, json);
	}

	@Test
	void everyFileIsInTheKustomization() throws IOException {
		Map<?, ?> kustomization = manifests(BASE.resolve("kustomization.yaml")).findFirst().orElseThrow().content();
		assertThat(kustomization.get("resources")).asInstanceOf(InstanceOfAssertFactories.list(String.class))
			.containsExactlyInAnyOrderElementsOf(files(BASE).map((file) -> file.getFileName().toString())
				.filter((name) -> name.endsWith(".yaml") && !name.equals("kustomization.yaml"))
				.toList());
		assertThat(BASE.resolve("application.yml")).exists();
	}

	/**
	 * In place of the kustomization there is the ConfigMap, whose name ends with a
	 * digest.
	 */
	@Test
	void kustomizationBuildsWithTheConfigurationThatTheDeploymentMounts() throws Exception {
		List<Manifest> built = built(BASE);
		for (Manifest manifest : built) {
			objectMatchesItsModel(manifest);
		}
		V1ConfigMap configuration = object(built.stream(), V1ConfigMap.class);
		assertThat(configuration.getData()).containsEntry("application.yml",
				Files.readString(BASE.resolve("application.yml")));
		assertThat(object(built.stream(), V1Deployment.class).getSpec().getTemplate().getSpec().getVolumes())
			.filteredOn((volume) -> volume.getConfigMap() != null)
			.singleElement()
			.satisfies((volume) -> assertThat(volume.getConfigMap().getName())
				.isEqualTo(configuration.getMetadata().getName()));
		assertThat(built).hasSize((int) files(BASE).filter((file) -> file.toString().endsWith(".yaml"))
			.flatMap(ManifestTests::manifests)
			.count());
	}

	/**
	 * A kubelet and Prometheus present no certificate, so they use another port, and only
	 * Prometheus is admitted to it.
	 */
	@Test
	void mutualTlsIsTheBaseWithProbesAndMetricsOnAPortOfTheirOwn() throws Exception {
		List<Manifest> built = built(MUTUAL_TLS);
		for (Manifest manifest : built) {
			objectMatchesItsModel(manifest);
		}
		V1PodSpec pod = object(built.stream(), V1Deployment.class).getSpec().getTemplate().getSpec();
		V1Container container = pod.getContainers().get(0);
		assertThat(Stream.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe()))
			.allSatisfy((probe) -> {
				assertThat(probe.getHttpGet().getPort().getStrValue()).isEqualTo("management");
				assertThat(probe.getHttpGet().getScheme()).isEqualTo("HTTP");
				assertThat(probe.getHttpGet().getPath()).startsWith("/actuator/health/");
			});
		assertThat(container.getPorts()).extracting((port) -> port.getName() + " " + port.getContainerPort())
			.containsExactlyInAnyOrder("https 8443", "management 8081");
		assertThat(container.getVolumeMounts()).extracting((mount) -> mount.getName())
			.containsExactlyInAnyOrderElementsOf(pod.getVolumes().stream().map((volume) -> volume.getName()).toList());
		assertThat(object(built.stream(), V1ConfigMap.class).getData()).containsOnlyKeys("application.yml",
				"application-mutual-tls.yml");
		assertThat(object(built.stream(), V1NetworkPolicy.class).getSpec().getIngress())
			.filteredOn((rule) -> rule.getPorts().get(0).getPort().getStrValue().equals("management"))
			.singleElement()
			.satisfies((rule) -> assertThat(rule.getFrom().get(0).getPodSelector().getMatchLabels())
				.containsEntry("app.kubernetes.io/name", "prometheus"));
	}

	@Test
	void everythingSelectsThePodsOfTheDeployment() {
		V1Deployment deployment = object(V1Deployment.class);
		Map<String, String> labels = deployment.getSpec().getTemplate().getMetadata().getLabels();
		assertThat(deployment.getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
		assertThat(object(V1Service.class).getSpec().getSelector()).isEqualTo(labels);
		assertThat(object(V1NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels()).isEqualTo(labels);
		assertThat(object(V1PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
		assertThat(object(V1Namespace.class).getMetadata().getName())
			.isEqualTo(deployment.getMetadata().getNamespace());
	}

	@Test
	void accountMayCreateFollowAndDeleteRequestsOfItsNamespaceOnly() {
		String account = object(V1ServiceAccount.class).getMetadata().getName();
		assertThat(pod().getServiceAccountName()).isEqualTo(account);
		assertThat(object(V1RoleBinding.class).getSubjects()).singleElement()
			.satisfies((subject) -> assertThat(subject.getName()).isEqualTo(account));
		assertThat(object(V1Role.class).getRules()).singleElement().satisfies((rule) -> {
			assertThat(rule.getApiGroups()).containsExactly("cert-manager.io");
			assertThat(rule.getResources()).containsExactly("certificaterequests");
			assertThat(rule.getVerbs()).containsExactly("create", "list", "watch", "delete");
		});
		assertThat(files(BASE).flatMap(ManifestTests::manifests)).extracting(Manifest::kind)
			.doesNotContain("ClusterRole", "ClusterRoleBinding");
	}

	@Test
	void signerIsTheBaseWithTheCertificateSigningRequestApi() throws Exception {
		List<Manifest> built = built(SIGNER);
		for (Manifest manifest : built) {
			objectMatchesItsModel(manifest);
		}
		assertThat(object(built.stream(), V1ConfigMap.class).getData()).containsOnlyKeys("application.yml")
			.containsEntry("application.yml", Files.readString(SIGNER.resolve("application.yml")));
		assertThat(object(built.stream(), V1ClusterRole.class).getRules()).singleElement().satisfies((rule) -> {
			assertThat(rule.getResources()).containsExactly("certificatesigningrequests");
			assertThat(rule.getVerbs()).containsExactly("create", "list", "watch");
		});
		assertThat(object(built.stream(), V1ClusterRoleBinding.class).getSubjects()).singleElement()
			.satisfies((subject) -> assertThat(subject.getName()).isEqualTo(pod().getServiceAccountName()));
		assertThat(built).extracting(Manifest::kind).doesNotContain("Role", "RoleBinding");
	}

	/** The model of the client knows all fields of the volume. */
	@Test
	void podCertificateIsTheBaseWithNothingButTheVolumeOfAKubelet() throws Exception {
		List<Manifest> built = built(POD_CERTIFICATE);
		for (Manifest manifest : built) {
			objectMatchesItsModel(manifest);
		}
		assertThat(built).extracting(Manifest::kind).doesNotContain("Role", "RoleBinding");
		V1PodSpec pod = object(built.stream(), V1Deployment.class).getSpec().getTemplate().getSpec();
		assertThat(pod.getAutomountServiceAccountToken()).isFalse();
		V1Volume volume = pod.getVolumes().get(0);
		assertThat(volume.getEmptyDir()).isNull();
		List<V1VolumeProjection> sources = volume.getProjected().getSources();
		Path mounted = Path.of(pod.getContainers()
			.get(0)
			.getVolumeMounts()
			.stream()
			.filter((mount) -> mount.getName().equals(volume.getName()))
			.findFirst()
			.orElseThrow()
			.getMountPath());
		assertThat(pod.getContainers().get(0).getEnv()).extracting((variable) -> variable.getName())
			.containsExactly("SPRING_CONFIG_LOCATION");
		settings("spring.config.location=" + POD_CERTIFICATE.toUri(), "",
				(certificates) -> assertThat(certificates).singleElement().satisfies((certificate) -> {
					assertThat(certificate.rotation().enabled()).isFalse();
					Path bundle = mounted.resolve(sources.get(0).getPodCertificate().getCredentialBundlePath());
					assertThat(certificate.storage().initialPair().certificate()).isEqualTo(bundle);
					assertThat(certificate.storage().initialPair().privateKey()).isEqualTo(bundle);
					assertThat(certificate.ssl().trusted()).extracting(CertificateSettings.Trusted::name)
						.containsExactly(mounted.resolve(sources.get(1).getClusterTrustBundle().getPath()).toString());
				}));
	}

	/** Each certificate is allowed by one policy, which allows nothing else. */
	@Test
	void approverPolicyAllowsWhatTheConfigurationRequests() throws Exception {
		List<Manifest> built = built(baseWithPolicies(this.directory));
		List<Map<?, ?>> allowed = built.stream()
			.filter((manifest) -> manifest.kind().equals("CertificateRequestPolicy"))
			.<Map<?, ?>>map((policy) -> (Map<?, ?>) ((Map<?, ?>) policy.content().get("spec")).get("allowed"))
			.toList();
		assertThat(object(built.stream(), V1ClusterRole.class).getRules().get(0).getResourceNames())
			.hasSameSizeAs(allowed);
		settings(BASE, "", (certificates) -> assertThat(certificates).extracting((certificate) -> {
			CertificateTemplate template = certificate.request().template();
			return Map.of("dnsNames", Map.of("values", template.dnsNames(), "required", true), "uris",
					Map.of("values", template.uris(), "required", true), "usages",
					certificate.request().requested().usages().stream().map(Usage::value).toList());
		}).isEqualTo(allowed));
	}

	@Test
	void podPassesTheRestrictedStandardAndKeepsItsKeysInMemory() {
		assertThat(object(V1Deployment.class).getSpec().getReplicas()).isEqualTo(2);
		assertThat(pod().getSecurityContext().getRunAsNonRoot()).isTrue();
		assertThat(pod().getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
		V1Container container = pod().getContainers().get(0);
		assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
		assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
		assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
		assertThat(container.getResources().getLimits()).containsKey("memory");
		assertThat(pod().getVolumes()).filteredOn((volume) -> volume.getEmptyDir() != null)
			.hasSize(2)
			.allSatisfy((volume) -> assertThat(volume.getEmptyDir().getMedium()).isEqualTo("Memory"));
		assertThat(container.getVolumeMounts()).extracting((mount) -> mount.getName())
			.containsExactlyInAnyOrderElementsOf(
					pod().getVolumes().stream().map((volume) -> volume.getName()).toList());
	}

	@ParameterizedTest
	@CsvSource({ "base, 1, FIXED, shop", "signer, 20, POD, kubelet-client kubelet-server" })
	void configurationWaitsLessLongThanTheStartupProbe(String name, int minutes, AddressSourceKind addresses,
			String names) throws Exception {
		Path kustomization = KUBERNETES.resolve(name);
		V1Container container = object(built(kustomization).stream(), V1Deployment.class).getSpec()
			.getTemplate()
			.getSpec()
			.getContainers()
			.get(0);
		Duration patience = Duration.ofSeconds((long) container.getStartupProbe().getPeriodSeconds()
				* container.getStartupProbe().getFailureThreshold());
		String profile = container.getEnv()
			.stream()
			.filter((variable) -> variable.getName().equals("SPRING_PROFILES_ACTIVE"))
			.map((variable) -> variable.getValue())
			.collect(Collectors.joining());
		settings(kustomization, profile, (certificates) -> {
			assertThat(certificates).extracting(CertificateSettings::name).containsExactly(names.split(" "));
			assertThat(certificates)
				.allSatisfy((certificate) -> assertThat(certificate.startup().timeout())
					.isGreaterThanOrEqualTo(Duration.ofMinutes(minutes))
					.isLessThan(patience))
				.allSatisfy((certificate) -> assertThat(container.getVolumeMounts())
					.anyMatch((mount) -> certificate.storage().certDir().startsWith(mount.getMountPath())));
			assertThat(certificates.get(certificates.size() - 1).request().addresses().source()).isEqualTo(addresses);
		});
	}

	@Test
	void imageRunsTheJarOfThisVersionAsAnOrdinaryUser() throws IOException {
		List<String> lines = Files.readAllLines(Path.of("Containerfile"));
		String image = pod().getContainers().get(0).getImage();
		assertThat(lines).hasSizeLessThanOrEqualTo(10)
			.anyMatch((line) -> line.contains("target/" + image.replace(':', '-') + ".jar"))
			.contains("USER 1000:1000");
		assertThat(Files.readString(Path.of("pom.xml"))).contains("<version>" + image.split(":")[1] + "</version>");
	}

	static Stream<Manifest> objects() {
		return MANIFESTS.stream()
			.flatMap(ManifestTests::files)
			.filter((file) -> file.toString().endsWith(".yaml"))
			.flatMap(ManifestTests::manifests)
			.filter((manifest) -> !manifest.kind().equals("Kustomization"));
	}

	/** As the comment in the kustomization says. */
	static Path baseWithPolicies(Path directory) throws IOException {
		FileSystemUtils.copyRecursively(KUBERNETES, directory);
		Path kustomization = directory.resolve("base/kustomization.yaml");
		Files.writeString(kustomization,
				Files.readString(kustomization).replace("#components:", "components:").replace("#- ", "- "));
		return directory.resolve("base");
	}

	private static void settings(Path configuration, String profile, Consumer<List<CertificateSettings>> assertion) {
		settings("spring.config.additional-location=" + configuration.toUri(), profile, assertion);
	}

	private static void settings(String location, String profile, Consumer<List<CertificateSettings>> assertion) {
		new ApplicationContextRunner().withPropertyValues(location, "spring.profiles.active=" + profile)
			.withInitializer(new ConfigDataApplicationContextInitializer())
			.withUserConfiguration(SettingsConfiguration.class)
			.run((context) -> assertion.accept(context.getBean(CertificateSettingsList.class).certificates()));
	}

	private static List<Manifest> built(Path kustomization) throws Exception {
		return manifests(new Yaml().loadAll(kubectl("kustomize", kustomization.toString())), kustomization).toList();
	}

	static V1PodSpec pod() {
		return Objects.requireNonNull(object(V1Deployment.class).getSpec().getTemplate().getSpec());
	}

	static <T> T object(Class<T> type) {
		return object(files(BASE).filter((file) -> file.toString().endsWith(".yaml")).flatMap(ManifestTests::manifests),
				type);
	}

	private static <T> T object(Stream<Manifest> manifests, Class<T> type) {
		return manifests.filter((manifest) -> type.getSimpleName().equals("V1" + manifest.kind()))
			.map((manifest) -> JSON.<T>deserialize(new Gson().toJson(manifest.content()), type))
			.findFirst()
			.orElseThrow();
	}

	private static Stream<Path> files(Path directory) {
		try (Stream<Path> files = Files.walk(directory)) {
			return files.filter(Files::isRegularFile).sorted().toList().stream();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Stream<Manifest> manifests(Path file) {
		try (Reader reader = Files.newBufferedReader(file)) {
			return manifests(new Yaml().loadAll(reader), file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Stream<Manifest> manifests(Iterable<Object> documents, Path file) {
		return StreamSupport.stream(documents.spliterator(), false)
			.map((document) -> new Manifest(file, (Map<?, ?>) document))
			.toList()
			.stream();
	}

	static String kubectl(String... arguments) throws Exception {
		Process process;
		try {
			process = new ProcessBuilder(Stream.concat(Stream.of("kubectl"), Stream.of(arguments)).toList())
				.redirectError(Redirect.INHERIT)
				.start();
		}
		catch (IOException ex) {
			return Assumptions.abort(
					"kubectl is not installed (Debian package kubernetes-client), so the kustomization is not built");
		}
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).isZero();
		return output;
	}

	record Manifest(Path file, Map<?, ?> content) {

		String kind() {
			return String.valueOf(this.content.get("kind"));
		}

		Class<?> model() throws ClassNotFoundException {
			return Class.forName("io.kubernetes.client.openapi.models.V1" + kind());
		}

		@Override
		public String toString() {
			return kind() + " in " + this.file.getFileName();
		}

	}

}
