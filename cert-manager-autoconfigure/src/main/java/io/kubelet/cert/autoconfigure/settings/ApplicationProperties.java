package io.kubelet.cert.autoconfigure.settings;

import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the whole application. Some are only evaluated by the conditions of
 * auto-configurations. They are here for the configuration metadata, and because any
 * other property is unknown.
 *
 * @param enabled Whether to enable the auto-configuration.
 * @param ignoreUnknownProperties Whether to log unknown properties under kubelet.cert as
 * a warning instead of failing to start, such as for a rollback. Unknown environment
 * variables are always a warning.
 * @param kubernetes How the API server is reached.
 * @param additional Additional certificates by name.
 * @param drain Replacement of existing connections after a rotation.
 * @param postgresql Connections to PostgreSQL.
 */
@ConfigurationProperties(PropertyNames.PREFIX)
record ApplicationProperties(@DefaultValue("true") Boolean enabled, boolean ignoreUnknownProperties,
		@NestedConfigurationProperty @DefaultValue KubernetesProperties kubernetes,
		@DefaultValue Map<String, CertificateProperties> additional, @DefaultValue Drain drain,
		@DefaultValue Postgresql postgresql) {

	/**
	 * Replacement of existing connections after a rotation.
	 *
	 * @param grpc Whether gRPC channels that are beans make new connections after a
	 * rotation.
	 * @param hikari Whether HikariCP pools whose connections present the certificate of a
	 * bundle replace them after a rotation.
	 * @param otlp Whether Spring Boot's OTLP exporters that use the bundle of a
	 * certificate make new connections after a rotation.
	 */
	record Drain(@DefaultValue("true") Boolean grpc, @DefaultValue("true") Boolean hikari,
			@DefaultValue("true") Boolean otlp) {

	}

	/**
	 * Connections to PostgreSQL.
	 *
	 * @param bundle SSL bundle for the connections of Spring Boot's JDBC and R2DBC
	 * connection factories to PostgreSQL.
	 */
	record Postgresql(@Nullable String bundle) {

	}

}
