package io.kubelet.cert.autoconfigure.settings;

import java.util.Map;
import java.util.Objects;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.context.properties.ConfigurationPropertiesReportEndpointAutoConfiguration;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint.ConfigurationPropertiesBeanDescriptor;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Spring Boot's {@code configprops} endpoint reports.
 */
class PropertiesReportTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ConfigurationPropertiesAutoConfiguration.class,
				ConfigurationPropertiesReportEndpointAutoConfiguration.class))
		.withUserConfiguration(SettingsConfiguration.class)
		.withPropertyValues("management.endpoints.web.exposure.include=configprops",
				"management.endpoints.jmx.exposure.include=configprops", "kubelet.cert.pair-name=web",
				"kubelet.cert.signer-name=example.com/serving", "kubelet.cert.key.algorithm=rsa",
				"kubelet.cert.ignore-unknown-properties=true", "kubelet.cert.drain.grpc=false",
				"kubelet.cert.additional.shop.template.common-name=shop");

	@Test
	void propertiesHaveTheValuesThatAreUsed() {
		this.runner.withPropertyValues("management.endpoint.configprops.show-values=always").run((context) -> {
			Map<String, @Nullable Object> certificate = properties(context, "kubeletCertProperties");
			assertThat(certificate).containsEntry("pairName", "web")
				.containsEntry("signerName", "example.com/serving")
				.extractingByKey("key")
				.asString()
				.contains("algorithm=RSA");
			Map<String, @Nullable Object> application = properties(context, "certificateApplicationProperties");
			assertThat(application).containsEntry("ignoreUnknownProperties", true);
			assertThat(application.get("drain")).asString().contains("grpc=false", "hikari=true");
			assertThat(application.get("additional")).asString().contains("commonName=shop", "algorithm=RSA");
		});
	}

	private static Map<String, @Nullable Object> properties(AssertableApplicationContext context, String bean) {
		Map<String, ConfigurationPropertiesBeanDescriptor> beans = context
			.getBean(ConfigurationPropertiesReportEndpoint.class)
			.configurationProperties()
			.getContexts()
			.values()
			.iterator()
			.next()
			.getBeans();
		assertThat(beans).containsKey(bean);
		ConfigurationPropertiesBeanDescriptor descriptor = Objects.requireNonNull(beans.get(bean));
		assertThat(descriptor.getPrefix()).isEqualTo("kubelet.cert");
		return descriptor.getProperties();
	}

}
