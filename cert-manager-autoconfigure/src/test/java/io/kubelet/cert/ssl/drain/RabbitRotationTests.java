package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A publisher and a listener of a RabbitMQ server that demands client certificates.
 */
@SuppressWarnings("try")
class RabbitRotationTests {

	private static final String QUEUE = "messages";

	private static final Map<String, CompletableFuture<Boolean>> expected = new ConcurrentHashMap<>();

	/**
	 * Nobody could tell whether a message arrives that is on its way when the connection
	 * of a publisher is closed that waits for confirms, so that one remains.
	 */
	@Test
	void connectionsFollowTheRotationAndNoMessageIsLost(@TempDir Path directory) throws Exception {
		Path program = ServerProgram.require("rabbitmq-server", "/usr/lib/rabbitmq");
		int port = RotatingApplication.freePort();
		try (CertificateTap tap = new CertificateTap(port);
				RotatingApplication application = new RotatingApplication(directory, Messages.class,
						"spring.rabbitmq.host=localhost", "spring.rabbitmq.port=" + tap.port(),
						"spring.rabbitmq.ssl.bundle=client", "spring.rabbitmq.listener.simple.auto-startup=false");
				ServerProgram server = start(program, application, port)) {
			RabbitTemplate template = application.bean(RabbitTemplate.class);
			CachingConnectionFactory confirming = confirming(application);
			application.bean(RabbitAdmin.class).initialize();
			application.bean(RabbitListenerEndpointRegistry.class).start();
			confirming.createConnection();
			String first = application.serial("client");
			await().untilAsserted(() -> assertThat(tap.open()).contains(first, first));
			AtomicInteger sent = new AtomicInteger();
			RotatingApplication.tenRotationsUnderLoad(() -> send(template, new RabbitTemplate(confirming), sent),
					() -> {
						String serial = application.rotate("client");
						await().untilAsserted(() -> assertThat(tap.open()).containsExactlyInAnyOrder(first, serial));
					});
			assertThat(tap.presented()).doesNotContain("resumed");
			confirming.destroy();
			application.close();
		}
	}

	private static boolean send(RabbitTemplate template, RabbitTemplate confirming, AtomicInteger sent)
			throws Exception {
		String text = String.valueOf(sent.incrementAndGet());
		CompletableFuture<Boolean> receipt = new CompletableFuture<>();
		expected.put(text, receipt);
		template.convertAndSend(QUEUE, text);
		receipt.get(10, TimeUnit.SECONDS);
		return Boolean.TRUE.equals(confirming.invoke((operations) -> {
			operations.convertAndSend(QUEUE, "");
			operations.waitForConfirmsOrDie(10_000);
			return true;
		}));
	}

	private static CachingConnectionFactory confirming(RotatingApplication application) {
		CachingConnectionFactory factory = new CachingConnectionFactory(
				application.bean(CachingConnectionFactory.class).getRabbitConnectionFactory());
		factory.setPublisherConfirmType(CachingConnectionFactory.ConfirmType.SIMPLE);
		application.add("confirming", factory);
		return factory;
	}

	private static ServerProgram start(Path program, RotatingApplication application, int port) throws Exception {
		Path directory = Files.createDirectory(application.directory().resolve("rabbitmq"));
		application.writeServerFiles(directory);
		Files.writeString(directory.resolve("enabled_plugins"), "[].");
		Files.writeString(directory.resolve("rabbitmq.conf"), """
				listeners.tcp = none
				listeners.ssl.default = 127.0.0.1:%1$d
				ssl_options.cacertfile = %2$s/ca.crt
				ssl_options.certfile = %2$s/server.crt
				ssl_options.keyfile = %2$s/server.key
				ssl_options.verify = verify_peer
				ssl_options.fail_if_no_peer_cert = true
				ssl_options.versions.1 = tlsv1.2
				""".formatted(port, directory));
		return new ServerProgram(List.of(program.toString()),
				Map.of("HOME", directory.toString(), "RABBITMQ_NODENAME", "test-" + port + "@localhost",
						"RABBITMQ_CONFIG_FILE", directory.resolve("rabbitmq.conf").toString(), "RABBITMQ_MNESIA_BASE",
						directory.resolve("data").toString(), "RABBITMQ_LOG_BASE", directory.resolve("log").toString(),
						"RABBITMQ_ENABLED_PLUGINS_FILE", directory.resolve("enabled_plugins").toString(),
						"RABBITMQ_PID_FILE", directory.resolve("pid").toString(), "RABBITMQ_DIST_PORT",
						String.valueOf(RotatingApplication.freePort()), "ERL_EPMD_ADDRESS", "127.0.0.1",
						"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}"),
				directory, port);
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(RabbitAutoConfiguration.class)
	static class Messages {

		@Bean
		Queue messages() {
			return new Queue(QUEUE);
		}

		@RabbitListener(queues = QUEUE)
		void receive(String text) {
			CompletableFuture<Boolean> receipt = expected.get(text);
			if (receipt != null) {
				receipt.complete(true);
			}
		}

	}

}
