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
 * Connections to a Redis server behind one that demands client certificates. Nothing
 * closes those that exist.
 */
@SuppressWarnings("try")
class RedisRotationTests {

	@ParameterizedTest
	@ValueSource(strings = { "lettuce", "jedis" })
	void newConnectionPresentsTheCurrentCertificate(String client, @TempDir Path directory) throws Exception {
		Path program = ServerProgram.require("redis-server", "/usr/bin", "/usr/local/bin");
		int port = RotatingApplication.freePort();
		int redisPort = RotatingApplication.freePort();
		try (RotatingApplication application = new RotatingApplication(directory, Values.class,
				"spring.data.redis.client-type=" + client, "spring.data.redis.timeout=2m",
				"spring.data.redis.connect-timeout=2m", "spring.data.redis.host=localhost",
				"spring.data.redis.port=" + port, "spring.data.redis.ssl.bundle=client");
				ServerProgram redis = start(program, application, redisPort);
				StandInServer server = new StandInServer(application.bundle("server").createSslContext(), port,
						StandInServer.forwardingTo(redisPort))) {
			StringRedisTemplate values = application.bean(StringRedisTemplate.class);
			values.opsForValue().set("key", "value");
			String before = application.serial("client");
			int calls = RotatingApplication.rotationsUnderLoad(() -> {
				values.opsForValue().set("key", "value");
				return values.opsForValue().get("key");
			}, () -> {
				String serial = application.rotate("client");
				int known = server.presented().size();
				connectAgain(application);
				assertThat(server.presented()).hasSizeGreaterThan(known);
				assertThat(server.presented().get(server.presented().size() - 1)).isEqualTo(serial);
			});
			assertThat(calls).isPositive();
			assertThat(server.open()).contains(before);
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
		return new ServerProgram(List.of(program.toString(), "--bind", "127.0.0.1", "--port", String.valueOf(port),
				"--save", "", "--dir", "."), Map.of(), directory, port);
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(DataRedisAutoConfiguration.class)
	static class Values {

	}

}
