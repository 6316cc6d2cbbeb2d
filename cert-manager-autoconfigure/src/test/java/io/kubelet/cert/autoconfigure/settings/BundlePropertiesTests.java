package io.kubelet.cert.autoconfigure.settings;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BundleProperties}.
 *
 * @see BundleProperties
 */
class BundlePropertiesTests {

	/** With dashes removed, as Spring Boot documents it, or replaced. */
	@ParameterizedTest
	@ValueSource(strings = { "SERVER_SSL_SERVERNAMEBUNDLES_0_BUNDLE", "SERVER_SSL_SERVER_NAME_BUNDLES_0_BUNDLE" })
	void environmentVariableThatNamesABundleIsFound(String variable) {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources()
			.replace(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
					new SystemEnvironmentPropertySource(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
							Map.of(variable, "shop", "MANAGEMENT_SERVER_SSL_ENABLED", "false",
									variable.replace("SERVER_SSL", "MANAGEMENT_SERVER_SSL"), "absent")));
		ConfigurationPropertySources.attach(environment);
		assertThat(BundleProperties.of(List.of(), environment).uses())
			.containsExactly(Map.entry("server.ssl.server-name-bundles[0].bundle", "shop"));
	}

}
