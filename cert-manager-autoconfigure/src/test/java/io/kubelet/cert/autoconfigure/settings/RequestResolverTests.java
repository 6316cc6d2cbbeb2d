package io.kubelet.cert.autoconfigure.settings;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.request.IssuerReference;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestResolver}.
 */
class RequestResolverTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withUserConfiguration(SettingsConfiguration.class)
		.withPropertyValues("kubelet.cert.template.dns-names=shop.shop.svc");

	@Test
	void issuerHasTheDefaultsOfCertManager() {
		settings((first) -> {
			assertThat(issuer(first))
				.isEqualTo(new Issuer(new IssuerReference("Issuer", "internal", "cert-manager.io"), null, Map.of()));
			assertThat(first.request().signer())
				.hasToString("issuer 'Issuer/internal' (from kubelet.cert.issuer.name)");
		}, "kubelet.cert.issuer.name=internal");
	}

	@Test
	void everythingOfAnIssuerCanBeSet() {
		settings((first) -> {
			assertThat(issuer(first))
				.isEqualTo(new Issuer(new IssuerReference("Cloud", "internal", "issuers.example.com"), "shop",
						Map.of("issuers.example.com/template", "web")));
			assertThat(signer(first)).isEqualTo("Cloud.issuers.example.com/internal");
			assertThat(IssuerReference.parse(signer(first))).contains(issuer(first).reference());
			assertThat(first.request().wanted().lifetime()).isEqualTo(Duration.ofMinutes(1));
			assertThat(first.ssl().trusted().kind()).isEqualTo(CertificateSettings.TrustKind.ISSUER);
		}, "kubelet.cert.issuer.name=internal", "kubelet.cert.issuer.kind=Cloud",
				"kubelet.cert.issuer.group=issuers.example.com", "kubelet.cert.issuer.namespace=shop",
				"kubelet.cert.issuer.annotations.[issuers.example.com/template]=web",
				"kubelet.cert.requested-lifetime=1m", "kubelet.cert.ssl.trust=issuer");
	}

	@Test
	void additionalCertificateInheritsTheIssuerUnlessItHasASigner() {
		this.runner
			.withPropertyValues("kubelet.cert.issuer.name=internal", "kubelet.cert.issuer.kind=ClusterIssuer",
					"kubelet.cert.additional.client.template.common-name=client",
					"kubelet.cert.additional.other.template.common-name=other",
					"kubelet.cert.additional.other.signer-name=example.com/other")
			.run((context) -> {
				CertificateSettingsList settings = context.getBean(CertificateSettingsList.class);
				assertThat(signer(settings.find("client").orElseThrow())).isEqualTo("ClusterIssuer/internal");
				assertThat(signer(settings.find("other").orElseThrow())).isEqualTo("example.com/other");
				assertThat(settings.find("other").orElseThrow().request().hasIssuer()).isFalse();
			});
	}

	private static Issuer issuer(CertificateSettings settings) {
		return Objects.requireNonNull(Objects.requireNonNull(settings.request().signer()).issuer());
	}

	private static String signer(CertificateSettings settings) {
		return Objects.requireNonNull(settings.request().signer()).name();
	}

	private void settings(Consumer<CertificateSettings> assertions, String... properties) {
		this.runner.withPropertyValues(properties)
			.run((context) -> assertions.accept(context.getBean(CertificateSettingsList.class).certificates().get(0)));
	}

}
