package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.StandardEnvironment;

/**
 * Binds and resolves properties without an application. They are written without their
 * prefix, such as {@code cert-dir=/pki;key.size=384}.
 */
final class TestSettings {

	private TestSettings() {
	}

	static CertificateSettingsList of(ConfigurableEnvironment environment, String... properties) {
		TestPropertyValues
			.of(Stream.of(properties)
				.flatMap((line) -> Stream.of(line.split(";")))
				.filter((property) -> !property.isEmpty())
				.map((property) -> "kubelet.cert." + property))
			.applyTo(environment);
		ConfigurationPropertySources.attach(environment);
		PropertiesBinder.Bound bound = PropertiesBinder.bind(environment);
		return new CertificateSettingsList(SettingsConfiguration.resolve(bound), bound.application().kubernetes(),
				Map.of());
	}

	static CertificateSettingsList of(String... properties) {
		return of(new StandardEnvironment(), properties);
	}

	/** The environment of an application that is configured in a directory. */
	static ConfigurableEnvironment configured(Path directory, String... properties) {
		StandardEnvironment environment = new StandardEnvironment();
		TestPropertyValues.of(properties).and("spring.config.location=" + directory + "/").applyTo(environment);
		ConfigDataEnvironmentPostProcessor.applyTo(environment);
		return environment;
	}

	/** The settings of the first certificate. */
	static CertificateSettings first(String... properties) {
		return of(properties).certificates().get(0);
	}

	/** The settings of the certificate with this name. */
	static CertificateSettings named(String name, String... properties) {
		return of(properties).find(name).orElseThrow();
	}

}
