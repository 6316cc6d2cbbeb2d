package io.kubelet.cert.ssl.drain;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.ssl.StandInServer;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.Load;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.core.StringRedisTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Connections to a Redis server behind one that demands client certificates. Nothing
 * closes those that exist.
 *
 * @see io.kubelet.cert.ssl.LiveSslBundle
 */
@SuppressWarnings("try")
class RedisRotationTests {

	@ParameterizedTest
	@ValueSource(strings = { "lettuce", "jedis" })
	void newConnectionPresentsTheCurrentCertificate(String client, @TempDir Path directory) throws Exception {
		Path program = ServerProgram.require("redis-server", "/usr/bin", "/usr/local/bin");
		int port = FreePort.find();
		try (StandInServer server = new StandInServer(StandInServer.forwardingTo(port));
				ServerProgram redis = new ServerProgram(List.of(program.toString(), "--bind", "127.0.0.1", "--port",
						String.valueOf(port), "--save", "", "--dir", "."), Map.of(), directory, port);
				RotatingApplication application = new RotatingApplication(Values.class,
						"spring.data.redis.client-type=" + client, "spring.data.redis.timeout=2m",
						"spring.data.redis.connect-timeout=2m", "spring.data.redis.host=localhost",
						"spring.data.redis.port=" + server.port(), "spring.data.redis.ssl.bundle=client")) {
			server.start(application);
			StringRedisTemplate values = application.bean(StringRedisTemplate.class);
			values.opsForValue().set("key", "value");
			String before = application.serial("client");
			Load.during(2, () -> {
				values.opsForValue().set("key", "value");
				return values.opsForValue().get("key");
			}, () -> application.rotate("client"));
			assertThat(server.open()).contains(before);
			server.cut();
			await().ignoreExceptions().untilAsserted(() -> {
				assertThat(values.opsForValue().get("key")).isEqualTo("value");
				assertThat(server.open()).isNotEmpty().containsOnly(application.serial("client"));
			});
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(DataRedisAutoConfiguration.class)
	static class Values {

	}

}
