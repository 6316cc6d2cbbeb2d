package io.kubelet.cert.autoconfigure.ssl;

import java.util.List;
import java.util.Locale;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.Environment;

/**
 * Whether the servers of a bundle ask their clients for certificates. Otherwise the names
 * of nobody are checked.
 */
final class CheckedClients {

	private static final Logger logger = LoggerFactory.getLogger(CheckedClients.class);

	private static final String ACCEPTED = "ssl.accepted-clients";

	private static final String MANAGEMENT = "management.server.ssl.client-auth";

	private static final String NOT_ASKED = "'%1$s' is set for the SSL bundle '%2$s' of this server, which asks its clients for no certificate, so nobody would be checked: "
			+ "set it to 'need' (gRPC: 'require'), or remove '%1$s' or give the server another bundle";

	private final CertificateSettingsList settings;

	private final Environment environment;

	CheckedClients(CertificateSettingsList settings, Environment environment) {
		this.settings = settings;
		this.environment = environment;
	}

	/**
	 * Requires that each server asks if only certain clients are accepted. The port of
	 * the management may serve those without a certificate, if there is another server.
	 */
	void require(CertificateSettings certificate) {
		if (!certificate.ssl().peers().clients().isRestricted()) {
			return;
		}
		String accepted = certificate.properties().of(ACCEPTED);
		List<String> servers = this.settings.serversOf(certificate)
			.stream()
			.map((property) -> property.substring(0, property.indexOf("ssl.")) + "ssl.client-auth")
			.distinct()
			.toList();
		List<String> open = servers.stream().filter((property) -> !asks(property)).toList();
		if (!open.isEmpty() && (open.size() == servers.size() || !open.equals(List.of(MANAGEMENT)))) {
			throw new InvalidConfigurationPropertyValueException(open.get(0), this.environment.getProperty(open.get(0)),
					NOT_ASKED.formatted(accepted, certificate.ssl().bundle()));
		}
		if (servers.isEmpty() && accepted.startsWith(certificate.properties().prefix())) {
			logger
				.warn("[{}] '{}' is set, but no server uses the SSL bundle '{}': nobody is checked by it. Remove it, or "
						+ "name the bundle in the properties of a server; for the servers that a client calls, set '{}'",
						certificate.name(), accepted, certificate.ssl().bundle(),
						certificate.properties().of("ssl.accepted-servers"));
		}
	}

	/** The names of the other values depend on the server. */
	private boolean asks(String property) {
		String value = this.environment.getProperty(property, "");
		return !value.isBlank() && !value.toLowerCase(Locale.ROOT).equals("none");
	}

}
