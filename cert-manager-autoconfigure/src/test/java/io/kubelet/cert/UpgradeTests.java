package io.kubelet.cert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.ProjectFiles;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application that is upgraded: it starts on the directory that an earlier version
 * wrote, with the same properties. Each directory was written by {@link #write} of that
 * version: {@code shop} was rotated twice and then ended while a request was pending, and
 * {@code shop-client} has its first certificate. They are valid for 100 years.
 *
 * @see io.kubelet.cert.store.FileCertificateStore
 */
@ExtendWith(OutputCaptureExtension.class)
class UpgradeTests extends ClusterFixture {

	private static final Path SNAPSHOTS = ProjectFiles.ROOT
		.resolve("cert-manager-autoconfigure/src/test/resources/snapshots");

	/** One that has an authority of its own, so that a certificate of another is kept. */
	private static final String SIGNER = "example.com/serving";

	/** Its pending request says what was asked for only in the request itself. */
	private static final String WITHOUT_TEMPLATE = "2026-11-25-ccf7fe7";

	@BeforeEach
	void sign() {
		this.controlPlane.behavior().sign(SIGNER);
	}

	static List<Path> snapshots() throws IOException {
		try (Stream<Path> directories = Files.list(SNAPSHOTS)) {
			return directories.sorted().toList();
		}
	}

	@ParameterizedTest
	@MethodSource("snapshots")
	void storedPairsAreUsedAndNothingIsLostWhenTheyRotate(Path snapshot, CapturedOutput output) throws Exception {
		Map<String, String> files = copy(snapshot);
		String pending = Objects.requireNonNull(files.remove("shop-request.pem"));
		boolean abandoned = snapshot.endsWith(WITHOUT_TEMPLATE);
		CertificatePair stored = stored(snapshot, "shop");
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		runner(this.directory).run((context) -> {
			assertThat(manager(context, "shop-client").current()).contains(stored(snapshot, "shop-client"));
			assertThat(status(context, "shop-client").state()).isEqualTo(CertificateStatus.State.VALID);
			assertThat(trusted(context)).contains(Files.readString(snapshot.resolve("trusted-authorities.crt")));
			CertificateManager shop = manager(context, "shop");
			assertThat(shop.current()).contains(stored);
			// A pending request is resumed at once or with the next rotation
			CompletableFuture<CertificatePair> rotation = shop.rotate();
			await().until(() -> !this.controlPlane.openCertificateSigningRequests().isEmpty());
			this.controlPlane.openCertificateSigningRequests().forEach(this.controlPlane::approve);
			CertificatePair next = rotation.get(2, TimeUnit.MINUTES);
			assertThat(next.privateKey().equals(Pem.readPrivateKey(pending))).isEqualTo(!abandoned);
			assertThat(status(context, "shop").state()).isEqualTo(CertificateStatus.State.VALID);
			assertThat(status(context, "shop").rotations().count()).isOne();
			assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
			await().until(() -> Files.notExists(this.directory.resolve("shop-request.pem")));
			assertThat(Pem.readPair(Files.readString(this.directory.resolve("shop-current.pem")))).isEqualTo(next);
		});
		assertThat(output.getOut()
			.contains("asks for something else than is configured now: it is abandoned, and a new one follows"))
			.isEqualTo(abandoned);
		assertThat(contents(this.directory)).containsAllEntriesOf(files);
		assertThat(contents(this.directory).keySet()).noneMatch((name) -> name.contains("damaged"));
	}

	/** See docs/release.md. */
	@Test
	@EnabledIfSystemProperty(named = "snapshot.directory", matches = ".+")
	void write() throws Exception {
		Path target = Path.of(System.getProperty("snapshot.directory")).toAbsolutePath();
		this.controlPlane.behavior().validity(Duration.ofMinutes(-5), Duration.ofDays(36_500));
		Files.createDirectories(target);
		Files.writeString(target.resolve("trusted-authorities.crt"), this.controlPlane.caPem());
		runner(target).withPropertyValues("kubelet.cert.startup.timeout=60s").run((context) -> {
			CertificateManager shop = manager(context, "shop");
			// Requests of rotations are throttled
			await().until(() -> {
				shop.rotate();
				return shop.status().rotations().count() == 3;
			});
			this.controlPlane.behavior().approval(ApprovalPolicy.manual());
			await().until(() -> {
				shop.rotate();
				return !this.controlPlane.openCertificateSigningRequests().isEmpty();
			});
		});
	}

	private ApplicationContextRunner runner(Path directory) {
		return CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + directory, "kubelet.cert.pair-name=shop",
					"kubelet.cert.signer-name=" + SIGNER,
					"kubelet.cert.usages=digital signature,server auth,client auth",
					"kubelet.cert.template.common-name=shop",
					"kubelet.cert.template.organizations=Shops of the East,tills",
					"kubelet.cert.template.dns-names=shop.example.com,shop",
					"kubelet.cert.template.ip-addresses=10.0.0.7,fd00::7",
					"kubelet.cert.template.uris=spiffe://example.com/shop",
					"kubelet.cert.template.email-addresses=shop@example.com",
					"kubelet.cert.ssl.trust-file=" + directory.resolve("trusted-authorities.crt"),
					"kubelet.cert.additional.shop-client.signer-name=" + SIGNER,
					"kubelet.cert.additional.shop-client.key.algorithm=RSA",
					"kubelet.cert.additional.shop-client.template.common-name=shop-client",
					"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory));
	}

	private static CertificateManager manager(ApplicationContext context, String name) {
		return context.getBean(CertificateManagers.class).get(name);
	}

	private static CertificateStatus status(ApplicationContext context, String name) {
		return manager(context, name).status();
	}

	private static String trusted(ApplicationContext context) {
		SslManagerBundle managers = context.getBean(SslBundles.class).getBundle("shop").getManagers();
		return Pem.write(List.of(((X509TrustManager) managers.getTrustManagers()[0]).getAcceptedIssuers()));
	}

	/** Returns what was current: repositories need not keep links. */
	private static Path newest(Path directory, String name) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter((file) -> file.getFileName().toString().matches(name + "-\\d{4}-.*"))
				.sorted()
				.reduce((one, other) -> other)
				.orElseThrow();
		}
	}

	private static CertificatePair stored(Path snapshot, String name) throws IOException {
		return Pem.readPair(Files.readString(newest(snapshot, name)));
	}

	/** Copies a snapshot, with the modes and links that it had. */
	private Map<String, String> copy(Path snapshot) throws IOException {
		Map<String, String> files = contents(snapshot);
		for (Map.Entry<String, String> file : files.entrySet()) {
			Path copy = Files.writeString(this.directory.resolve(file.getKey()), file.getValue(),
					StandardOpenOption.CREATE_NEW);
			if (file.getKey().endsWith(".pem")) {
				Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
			}
		}
		for (String name : List.of("shop", "shop-client")) {
			Files.createSymbolicLink(this.directory.resolve(name + "-current.pem"),
					newest(this.directory, name).getFileName());
		}
		return files;
	}

	private static Map<String, String> contents(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.filter((file) -> !Files.isSymbolicLink(file))
				.collect(Collectors.toMap((file) -> file.getFileName().toString(), ProjectFiles::read));
		}
	}

}
