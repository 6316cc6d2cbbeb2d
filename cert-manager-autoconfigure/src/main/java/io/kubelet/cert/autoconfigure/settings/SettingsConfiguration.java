package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.PropertiesBinder.Bound;
import io.kubelet.cert.export.ExportSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.BindableRuntimeHintsRegistrar;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.ConfigurationPropertyState;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.env.Environment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Binds the properties and resolves them into settings.
 */
@Configuration(proxyBeanMethods = false)
@ImportRuntimeHints(SettingsConfiguration.PropertiesHints.class)
public class SettingsConfiguration {

	private static final Logger logger = LoggerFactory.getLogger(SettingsConfiguration.class);

	/**
	 * As for {@code KUBELET_CERT_SERVICE_PORT_HTTPS} and
	 * {@code KUBELET_CERT_PORT_443_TCP}.
	 */
	private static final Pattern OF_SERVICE = Pattern.compile(".+\\.(service\\.(host|port.*)|port(\\[.+)?)");

	@Bean
	Bound boundCertificateProperties(Environment environment) {
		Bound bound = PropertiesBinder.bind(environment);
		if (!bound.blank().isEmpty()) {
			logger.info("Properties with a blank value count as not set: {}", PropertyNames.describe(bound.blank()));
		}
		return bound;
	}

	/** A bean for the {@code configprops} endpoint only. */
	@Bean
	ApplicationProperties certificateApplicationProperties(Bound bound) {
		return bound.application();
	}

	/** A bean for the {@code configprops} endpoint only. */
	@Bean
	CertificateProperties kubeletCertProperties(Bound bound) {
		return bound.certificates().get(0).properties();
	}

	@Bean
	CertificateSettingsList kubeletCertSettings(Bound bound, Environment environment,
			ObjectProvider<WebApplication> web) {
		List<CertificateSettings> certificates = resolve(bound);
		return new CertificateSettingsList(certificates, bound.application().kubernetes(),
				BundleProperties.of(certificates, environment)
					.servers(web.getIfAvailable() != null,
							!"-1".equals(environment.getProperty("management.server.port"))));
	}

	/**
	 * Returns whether any property is set. The variables of a Service, which anybody in
	 * the namespace may create, are none.
	 * @param environment the environment
	 * @return whether there is one, even if it does not exist
	 */
	public static boolean isAnyPropertySet(Environment environment) {
		for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
			ConfigurationPropertySource written = (source
				.getUnderlyingSource() instanceof SystemEnvironmentPropertySource)
						? source.filter((name) -> !OF_SERVICE.matcher(name.toString()).matches()) : source;
			if (written.containsDescendantOf(PropertyNames.FIRST) == ConfigurationPropertyState.PRESENT) {
				return true;
			}
		}
		return false;
	}

	static List<CertificateSettings> resolve(Bound bound) {
		List<CertificateSettings> certificates = bound.certificates().stream().map(SettingsResolver::resolve).toList();
		requireDistinct(certificates);
		return certificates;
	}

	/** Two certificates would overwrite each other's pairs. */
	private static void requireDistinct(List<CertificateSettings> certificates) {
		Set<String> taken = new HashSet<>();
		Map<Path, String> exports = new HashMap<>();
		for (CertificateSettings certificate : certificates) {
			PropertyNames names = certificate.properties();
			names.require(taken.add(certificate.name()), "pair-name", certificate.name(),
					"There is another certificate of this name: rename one of them");
			SharedSecret secret = certificate.storage().secret();
			names.require(secret == null || taken.add(secret.toString()), "store.secret", secret,
					"Another certificate is stored in it: name a Secret for each");
			ExportSettings export = certificate.export();
			if (export != null) {
				Path directory = export.directory();
				String sameDirectory = exports.putIfAbsent(absolute(directory), names.of("export.directory"));
				names.require(sameDirectory == null, "export.directory", directory,
						"It is also the directory of '%s': name a directory for each", sameDirectory);
				names.require(
						certificates.stream()
							.noneMatch((other) -> absolute(other.storage().certDir()).equals(absolute(directory))),
						"export.directory", directory,
						"It is also a 'cert-dir', where these files would count as stored pairs: name another directory, such as one inside of it");
			}
		}
	}

	private static Path absolute(Path directory) {
		return directory.toAbsolutePath().normalize();
	}

	/** Present if the properties of a web server are in use. */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication
	static class WebApplication {

	}

	/** Spring Boot does this for what it binds itself. */
	static final class PropertiesHints extends BindableRuntimeHintsRegistrar {

		PropertiesHints() {
			super(ApplicationProperties.class, CertificateProperties.class);
		}

	}

}
