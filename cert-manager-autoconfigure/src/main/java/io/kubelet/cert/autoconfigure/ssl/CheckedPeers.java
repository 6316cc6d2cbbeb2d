package io.kubelet.cert.autoconfigure.ssl;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.ClientAuthentication;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
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
 * Servers may ask their clients for no certificate, and those of gRPC, as its channels
 * and gateways, may be configured to accept every certificate.
 */
final class CheckedPeers {

	private static final Logger logger = LoggerFactory.getLogger(CheckedPeers.class);

	private static final String ACCEPTED = "ssl.accepted-clients";

	private static final String NOT_ASKED = "'%1$s' is set for the SSL bundle '%2$s' of this server, which asks its clients for no certificate, so nobody would be checked: "
			+ "set it to 'need' (gRPC: 'require'), or to 'want' (gRPC: 'optional') if clients without a certificate are to pass; otherwise %3$s, or give the server another bundle";

	private static final String OTHER_CLIENTS = "It accepts other clients ('%3$s') than '%2$s', which the same server uses, "
			+ "and whoever connects chooses between them: set the same for both, or give each its own server";

	/**
	 * Spring gRPC 1.0, with Spring Boot 4.0, has other channels in it than Spring Boot.
	 */
	private static final String CLIENT = "spring.grpc.client.";

	private static final String GATEWAY = "spring.cloud.gateway.server.webflux.httpclient.ssl.";

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
		servers.forEach((server) -> requireSameClients(certificate, server));
		if (servers.isEmpty() && own) {
			logger
				.warn("[{}] '{}' is set, but no property of a server names the SSL bundle '{}': nobody is checked by it, except by a server "
						+ "that code creates. Name the bundle in the properties of a server, or remove it; for the servers that a client calls, set '{}'",
						certificate.name(), accepted, certificate.ssl().bundle(),
						certificate.properties().of("ssl.accepted-servers"));
		}
	}

	/**
	 * Requires that all bundles of one server accept the same clients. Web servers are
	 * checked when they are created, with what code configures.
	 */
	private void requireSameClients(CertificateSettings certificate, String server) {
		AcceptedPeers clients = certificate.ssl().peers().clients();
		String prefix = ClientAuthentication.property(server, "");
		this.settings.servers().forEach((bundle, properties) -> {
			AcceptedPeers others = this.settings.certificates()
				.stream()
				.filter((other) -> other.ssl().bundle().equals(bundle))
				.map((other) -> other.ssl().peers().clients())
				.findFirst()
				.orElse(AcceptedPeers.everyone());
			properties.stream()
				.filter((property) -> property.startsWith("spring.") && property.startsWith(prefix))
				.filter((property) -> !others.equals(clients))
				.findFirst()
				.ifPresent((property) -> {
					throw new InvalidConfigurationPropertyValueException(property, bundle,
							OTHER_CLIENTS.formatted(bundle, certificate.ssl().bundle(), ACCEPTED));
				});
		});
	}

	/** A channel that is named has nothing of the default one. */
	private void requireChannels(CertificateSettings certificate) {
		Binder binder = Binder.get(this.environment);
		Map<String, Channel> channels = new TreeMap<>();
		for (String named : List.of(CLIENT + "channel", CLIENT + "channels")) {
			binder.bind(named, Bindable.mapOf(String.class, Channel.class))
				.ifBound((found) -> found.forEach((name, channel) -> channels.put(named + "." + name, channel)));
		}
		binder.bind(CLIENT + "default-channel", Channel.class)
			.ifBound((channel) -> channels.put(CLIENT + "default-channel", channel));
		channels.forEach((name, channel) -> {
			if (certificate.ssl().bundle().equals(channel.ssl().bundle())) {
				refuse(channel.bypassCertificateValidation(), true, name + ".bypass-certificate-validation",
						certificate);
				refuse(channel.secure(), false, name + ".secure", certificate);
			}
		});
		if (certificate.ssl().bundle().equals(this.environment.getProperty(GATEWAY + "ssl-bundle"))) {
			String insecure = GATEWAY + "use-insecure-trust-manager";
			refuse(this.environment.getProperty(insecure, Boolean.class, false), true, insecure, certificate);
		}
	}

	private static void refuse(boolean value, boolean refused, String property, CertificateSettings certificate) {
		if (value == refused) {
			throw new InvalidConfigurationPropertyValueException(property, value, NOT_CHECKED
				.formatted(certificate.properties().of("ssl.accepted-servers"), certificate.ssl().bundle(), !refused));
		}
	}

	/** What a channel of gRPC has to do with this, in whatever form it is written. */
	record Channel(boolean bypassCertificateValidation, @DefaultValue("true") boolean secure, @DefaultValue Ssl ssl) {

		record Ssl(@Nullable String bundle) {
		}

	}

}
