package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections to a Redis server that demands client certificates. Nothing closes those
 * that exist.
 */
@SuppressWarnings("try")
class RedisRotationTests {

	@ParameterizedTest
	@ValueSource(strings = { "lettuce", "jedis" })
	void newConnectionPresentsTheCurrentCertificate(String client, @TempDir Path directory) throws Exception {
		Path program = ServerProgram.require("redis-server", "/usr/bin", "/usr/local/bin");
		int port = RotatingApplication.freePort();
		try (CertificateTap tap = new CertificateTap(port);
				RotatingApplication application = new RotatingApplication(directory, Values.class,
						"spring.data.redis.client-type=" + client, "spring.data.redis.timeout=2m",
						"spring.data.redis.connect-timeout=2m", "spring.data.redis.host=localhost",
						"spring.data.redis.port=" + tap.port(), "spring.data.redis.ssl.bundle=client");
				ServerProgram server = start(program, application, port)) {
			StringRedisTemplate values = application.bean(StringRedisTemplate.class);
			values.opsForValue().set("key", "value");
			String before = application.serial("client");
			int calls = RotatingApplication.tenRotationsUnderLoad(() -> {
				values.opsForValue().set("key", "value");
				return values.opsForValue().get("key");
			}, () -> {
				String serial = application.rotate("client");
				int known = tap.presented().size();
				connectAgain(application);
				assertThat(tap.presented()).hasSizeGreaterThan(known);
				assertThat(tap.presented().get(tap.presented().size() - 1)).isEqualTo(serial);
			});
			assertThat(calls).isPositive();
			assertThat(tap.open()).contains(before);
		}
	}

	/** A connection of its own, such as one that was lost is replaced by. */
	private static void connectAgain(RotatingApplication application) {
		RedisConnectionFactory factory = application.bean(RedisConnectionFactory.class);
		if (factory instanceof org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory lettuce) {
			try (var client = ((io.lettuce.core.RedisClient) lettuce.getRequiredNativeClient()).connect(
					io.lettuce.core.RedisURI.Builder.redis("localhost", lettuce.getPort()).withSsl(true).build())) {
				client.sync().ping();
			}
		}
		else {
			var jedis = (org.springframework.data.redis.connection.jedis.JedisConnectionFactory) factory;
			try (var client = new redis.clients.jedis.Jedis("localhost", jedis.getPort(),
					redis.clients.jedis.DefaultJedisClientConfig.builder()
						.timeoutMillis(120_000)
						.ssl(true)
						.sslSocketFactory(jedis.getClientConfiguration().getSslSocketFactory().orElseThrow())
						.build())) {
				client.ping();
			}
		}
	}

	private static ServerProgram start(Path program, RotatingApplication application, int port) throws Exception {
		Path directory = Files.createDirectory(application.directory().resolve("redis"));
		application.writeServerFiles(directory);
		return new ServerProgram(
				List.of(program.toString(), "--bind", "127.0.0.1", "--port", "0", "--tls-port", String.valueOf(port),
						"--tls-cert-file", "server.crt", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.crt",
						"--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.2", "--save", "", "--dir", "."),
				Map.of(), directory, port);
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(DataRedisAutoConfiguration.class)
	static class Values {

	}

}
