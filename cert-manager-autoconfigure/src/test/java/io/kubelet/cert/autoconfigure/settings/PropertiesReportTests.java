package io.kubelet.cert.autoconfigure.settings;

import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.autoconfigure.context.properties.ConfigurationPropertiesReportEndpointAutoConfiguration;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint.ConfigurationPropertiesBeanDescriptor;
import org.springframework.boot.actuate.context.properties.ConfigurationPropertiesReportEndpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.context.ConfigurationPropertiesAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What Spring Boot's {@code configprops} endpoint reports.
 *
 * @see SettingsConfiguration
 */
class PropertiesReportTests {

	@Test
	void propertiesHaveTheValuesThatAreUsed() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ConfigurationPropertiesAutoConfiguration.class,
					ConfigurationPropertiesReportEndpointAutoConfiguration.class))
			.withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues("management.endpoints.web.exposure.include=configprops",
					"management.endpoints.jmx.exposure.include=configprops",
					"management.endpoint.configprops.show-values=always", "kubelet.cert.pair-name=web",
					"kubelet.cert.key.algorithm=rsa", "kubelet.cert.drain.grpc=false",
					"kubelet.cert.additional.shop.template.common-name=shop")
			.run((context) -> {
				assertThat(context.getBean(ConfigurationPropertiesReportEndpoint.class)
					.configurationProperties()
					.getContexts()
					.values())
					.singleElement()
					.extracting((beans) -> beans.getBeans().values(),
							InstanceOfAssertFactories.collection(ConfigurationPropertiesBeanDescriptor.class))
					.map((bean) -> bean.getPrefix() + " " + bean.getProperties())
					.anySatisfy((certificate) -> assertThat(certificate).contains("kubelet.cert ", "pairName=web",
							"algorithm=RSA"))
					.anySatisfy((application) -> assertThat(application).contains("kubelet.cert ", "grpc=false",
							"commonName=shop"));
			});
	}

}
