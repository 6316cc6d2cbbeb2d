package io.kubelet.cert.autoconfigure.ssl;

import java.util.List;
import java.util.Map;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.ClientAuthentication;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.Environment;

/**
 * Whether servers and clients leave the check of their peers to a bundle with rules.
 * Servers may ask their clients for no certificate, and those of gRPC, as its channels,
 * may be configured to accept every certificate.
 */
final class CheckedPeers {

	private static final Logger logger = LoggerFactory.getLogger(CheckedPeers.class);

	private static final String ACCEPTED = "ssl.accepted-clients";

	private static final String NOT_ASKED = "'%1$s' is set for the SSL bundle '%2$s' of this server, which asks its clients for no certificate, so nobody would be checked: "
			+ "set it to 'need' (gRPC: 'require'), or to 'want' (gRPC: 'optional') if clients without a certificate are to pass; otherwise %3$s, or give the server another bundle";

	private static final String CHANNELS = "spring.grpc.client.channel";

	private static final String NOT_CHECKED = "'%1$s' is set for the SSL bundle '%2$s' that is used here, but every certificate would be accepted: "
			+ "set it to '%3$s', or remove '%1$s' or use another bundle";

	private final CertificateSettingsList settings;

	private final Environment environment;

	CheckedPeers(CertificateSettingsList settings, Environment environment) {
		this.settings = settings;
		this.environment = environment;
	}

	/**
	 * Requires that the rules of a bundle are applied by whatever a property lets use it.
	 */
	void require(CertificateSettings certificate) {
		if (certificate.ssl().peers().clients().isRestricted()) {
			requireClients(certificate);
		}
		if (certificate.ssl().peers().servers().isRestricted()) {
			requireChannels(certificate);
		}
	}

	private void requireClients(CertificateSettings certificate) {
		String accepted = certificate.properties().of(ACCEPTED);
		boolean own = accepted.startsWith(certificate.properties().prefix() + ".ssl");
		List<String> servers = this.settings.serversOf(certificate);
		servers.stream()
			.filter((server) -> !ClientAuthentication.isAsked(server, this.environment))
			.map((server) -> ClientAuthentication.property(server, "client-auth"))
			.findFirst()
			.ifPresent((property) -> {
				throw new InvalidConfigurationPropertyValueException(property, this.environment.getProperty(property),
						NOT_ASKED.formatted(accepted, certificate.ssl().bundle(), own
								? "remove '%s'".formatted(accepted)
								: "set '%s.%s.all' to 'true'".formatted(certificate.properties().prefix(), ACCEPTED)));
			});
		servers.stream()
			.map((server) -> ClientAuthentication.property(server, "secure"))
			.filter((property) -> !this.environment.getProperty(property, Boolean.class, true))
			.findFirst()
			.ifPresent((property) -> {
				throw new InvalidConfigurationPropertyValueException(property, false,
						NOT_CHECKED.formatted(accepted, certificate.ssl().bundle(), true));
			});
		if (servers.isEmpty() && own) {
			logger
				.warn("[{}] '{}' is set, but no property of a server names the SSL bundle '{}': nobody is checked by it, except by a server "
						+ "that code creates. Name the bundle in the properties of a server, or remove it; for the servers that a client calls, set '{}'",
						certificate.name(), accepted, certificate.ssl().bundle(),
						certificate.properties().of("ssl.accepted-servers"));
		}
	}

	/** A channel has the bundle of the default one if it names none. */
	private void requireChannels(CertificateSettings certificate) {
		Map<String, Channel> channels = Binder.get(this.environment)
			.bind(CHANNELS, Bindable.mapOf(String.class, Channel.class))
			.orElse(Map.of());
		Channel usual = channels.getOrDefault("default", new Channel(false, new Channel.Ssl(null)));
		channels.forEach((name, channel) -> {
			String bundle = (channel.ssl().bundle() != null) ? channel.ssl().bundle() : usual.ssl().bundle();
			if (channel.bypassCertificateValidation() && certificate.ssl().bundle().equals(bundle)) {
				throw new InvalidConfigurationPropertyValueException(
						CHANNELS + "." + name + ".bypass-certificate-validation", true,
						NOT_CHECKED.formatted(certificate.properties().of("ssl.accepted-servers"), bundle, false));
			}
		});
	}

	/** What a channel of gRPC has to do with this, in whatever form it is written. */
	record Channel(boolean bypassCertificateValidation, @DefaultValue Ssl ssl) {

		record Ssl(@Nullable String bundle) {
		}

	}

}
