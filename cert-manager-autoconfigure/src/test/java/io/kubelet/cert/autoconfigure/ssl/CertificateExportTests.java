package io.kubelet.cert.autoconfigure.ssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.kubelet.cert.actuate.CertificatesEndpoint;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.autoconfigure.connections.CertificateDrainAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.mockito.MockMakers;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

/**
 * The export of the certificate of an application, and what others learn of it.
 *
 * @see ConfiguredExports
 * @see io.kubelet.cert.export.Exports
 * @see io.kubelet.cert.autoconfigure.actuate.ExportMetrics
 * @see io.kubelet.cert.autoconfigure.connections.HikariDrain
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateExportTests {

	@TempDir
	Path directory;

	private Path authorities;

	@BeforeEach
	void write() throws IOException {
		this.authorities = write(CertificateContexts.authority);
	}

	private Path write(TestAuthority authority) throws IOException {
		return Files.writeString(this.directory.resolve("authorities.pem"),
				Pem.write(List.of(authority.certificate())));
	}

	private ApplicationContextRunner runner(String... properties) {
		return CertificateContexts
			.runner(this.directory, CertificateDrainAutoConfiguration.class, CertificateActuatorAutoConfiguration.class)
			.withPropertyValues("kubelet.cert.pair-name=shop", "kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.ssl.trust-file=" + this.authorities, "kubelet.cert.export.directory=" + tls())
			.withPropertyValues(properties);
	}

	private Path tls() {
		return this.directory.resolve("tls");
	}

	@Test
	void filesAreThereBeforePoolsUpdateHandlersAndListenersReadThem() {
		List<String> seen = Collections.synchronizedList(new ArrayList<>());
		HikariPoolMXBean pool = mock(HikariPoolMXBean.class, withSettings().mockMaker(MockMakers.PROXY));
		doAnswer((call) -> seen.add("pool " + exported().serialNumber())).when(pool).softEvictConnections();
		HikariDataSource source = new HikariDataSource() {

			@Override
			public HikariPoolMXBean getHikariPoolMXBean() {
				return pool;
			}

		};
		source.setJdbcUrl("jdbc:mariadb://db/shop?serverSslCert=" + tls() + "/ca.crt");
		runner().withBean(HikariDataSource.class, () -> source)
			.withBean(RotationListener.class, () -> (event) -> seen.add("listener " + exported().serialNumber()))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				await().until(() -> seen.size() == 1);
				seen.clear();
				context.getBean(SslBundles.class)
					.addBundleUpdateHandler("shop", (bundle) -> seen.add("handler " + exported().serialNumber()));
				String serial = context.getBean(CertificateManager.class).rotate().join().serialNumber();
				await().untilAsserted(() -> assertThat(seen).containsExactly("pool " + serial, "handler " + serial,
						"listener " + serial));
			});
	}

	@Test
	void filesAreWrittenAtTheStartAndNotAgainAtTheNextOne() {
		runner("kubelet.cert.export.formats=pem,pkcs12").run((context) -> {
			assertThat(exported()).isEqualTo(context.getBean(CertificateManager.class).current().orElseThrow());
			Path generation = tls().resolve("..data").toRealPath();
			runner("kubelet.cert.export.formats=pem,pkcs12").run((restarted) -> {
				assertThat(restarted).hasNotFailed();
				assertThat(tls().resolve("..data").toRealPath()).isEqualTo(generation);
			});
		});
	}

	@Test
	void authoritiesThatChangeAloneAreExported() {
		runner().withUserConfiguration(HastyTrust.class)
			.withPropertyValues("kubelet.cert.ssl.trust-overlap=0s")
			.run((context) -> {
				X509Certificate trusted = CertificateContexts.authority.certificate();
				assertThat(authoritiesInFile()).containsExactly(trusted);
				TestAuthority other = new TestAuthority("other");
				write(other);
				await().untilAsserted(() -> assertThat(authoritiesInFile()).containsExactly(other.certificate()));
				assertThat(exported()).isEqualTo(context.getBean(CertificateManager.class).current().orElseThrow());
			});
	}

	@Test
	void directoryThatCannotBeWrittenIsReportedAndDisturbsNoRotation(CapturedOutput output) throws IOException {
		Path blocked = Files.writeString(this.directory.resolve("blocked"), "a file");
		runner("kubelet.cert.export.directory=" + blocked.resolve("tls")).withUserConfiguration(HastyTrust.class)
			.withPropertyValues("spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=certificates")
			.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
			.run((context) -> {
				context.getBeansOfType(MeterBinder.class)
					.values()
					.forEach((binder) -> binder.bindTo(context.getBean(MeterRegistry.class)));
				CertificateManager manager = context.getBean(CertificateManager.class);
				assertThat(manager.rotate().join()).isEqualTo(manager.current().orElseThrow());
				String problem = problem(context);
				assertThat(problem).startsWith("Cannot export the certificate to " + blocked.resolve("tls"));
				assertThat(health(context)).containsEntry("warning", Objects.requireNonNull(problem));
				assertThat(output).contains("[shop] " + problem);
				await().until(() -> failing(context) > 0);
				Files.delete(blocked);
				await().until(() -> failing(context) == 0);
				assertThat(problem(context)).isNull();
				assertThat(health(context)).doesNotContainKey("warning");
				assertThat(blocked.resolve("tls/tls.key")).exists();
			});
	}

	@Test
	void mistakesAreReportedAtTheStart() throws IOException {
		assertMistake("export.group", "There is no group 'nobody-here'", "kubelet.cert.export.group=nobody-here");
		assertMistake("export.password-file", "There is no file /no/such/file", "kubelet.cert.export.formats=pkcs12",
				"kubelet.cert.export.password-file=/no/such/file");
		Files.createSymbolicLink(Files.createDirectory(tls()).resolve("..data"), Path.of("..2026_01_01"));
		assertMistake("export.directory", "is a volume of a kubelet");
	}

	private void assertMistake(String property, String message, String... properties) {
		runner(properties).run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOf(InvalidConfigurationPropertyValueException.class)
			.hasMessageContainingAll("kubelet.cert." + property, message));
	}

	@Test
	void acceptedPeersThatFilesCannotExpressAreReported(CapturedOutput output) {
		runner("kubelet.cert.ssl.accepted-servers.dns-names=db.shop").run((context) -> assertThat(output)
			.containsOnlyOnce(
					"do not know the accepted peers of the SSL bundle 'shop' ('kubelet.cert.ssl.accepted-servers'): ")
			.containsOnlyOnce(
					"[shop] Servers that the SSL bundle 'shop' accepts: DNS name 'db.shop', from kubelet.cert.ssl.accepted-servers"));
	}

	private static @Nullable String problem(ApplicationContext context) {
		return Objects.requireNonNull(context.getBean(CertificatesEndpoint.class).certificate("shop")).exportProblem();
	}

	private static Map<String, Object> health(ApplicationContext context) {
		CompositeHealthContributor all = context.getBean("certificatesHealthContributor",
				CompositeHealthContributor.class);
		HealthIndicator indicator = Objects.requireNonNull((HealthIndicator) all.getContributor("shop"));
		return Objects.requireNonNull(indicator.health()).getDetails();
	}

	private static double failing(ApplicationContext context) {
		MeterRegistry registry = context.getBean(MeterRegistry.class);
		return registry.get("kubelet.cert.export.failing").tag("certificate", "shop").timeGauge().value();
	}

	private List<X509Certificate> authoritiesInFile() throws IOException {
		return Pem.readCertificates(Files.readString(tls().resolve("ca.crt")));
	}

	private CertificatePair exported() {
		try {
			return Pem.readPair(Files.readString(tls().resolve("tls.crt")), Files.readString(tls().resolve("tls.key")));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
