package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.ssl.StandInServer;
import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Markdown;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A publisher and a listener of a RabbitMQ server behind one that demands client
 * certificates.
 *
 * @see io.kubelet.cert.ssl.LiveSslBundle
 */
@SuppressWarnings("try")
class RabbitRotationTests {

	private static final String QUEUE = "messages";

	private static final Map<String, CompletableFuture<Boolean>> expected = new ConcurrentHashMap<>();

	/**
	 * The update handler of the documentation replaces the connection of the listener.
	 * That of another factory, whose publisher waits for confirms, remains: closing it
	 * would fail what is being published.
	 */
	@Test
	void updateHandlerReplacesTheConnectionOfTheListenerAndNoMessageIsLost(@TempDir Path directory,
			@TempDir Path classes) throws Exception {
		Class<?> handler = DocumentedJava.compile(Markdown.of("docs/reference/ssl-bundle-consumers.md"), classes)
			.loadClass("RabbitConfiguration");
		Path program = ServerProgram.require("rabbitmq-server", "/usr/lib/rabbitmq");
		int port = FreePort.find();
		try (StandInServer server = new StandInServer(StandInServer.forwardingTo(port));
				ServerProgram rabbit = start(program, directory, port);
				RotatingApplication application = new RotatingApplication(WebApplicationType.NONE,
						List.of(Messages.class, handler), "spring.rabbitmq.host=localhost",
						"spring.rabbitmq.port=" + server.port(), "spring.rabbitmq.ssl.bundle=client",
						"spring.rabbitmq.listener.simple.auto-startup=false")) {
			server.start(application);
			CachingConnectionFactory confirming = confirming(application);
			application.bean(RabbitAdmin.class).initialize();
			application.bean(RabbitListenerEndpointRegistry.class).start();
			confirming.createConnection();
			String first = application.serial("client");
			await().untilAsserted(() -> assertThat(server.open()).containsExactly(first, first));
			AtomicInteger sent = new AtomicInteger();
			Load.during(2, () -> send(new RabbitTemplate(confirming), sent), () -> {
				application.rotate("client");
				await().untilAsserted(
						() -> assertThat(server.open()).containsExactlyInAnyOrder(first, application.serial("client")));
			});
			confirming.destroy();
		}
	}

	private static boolean send(RabbitTemplate confirming, AtomicInteger sent) throws Exception {
		String text = String.valueOf(sent.incrementAndGet());
		CompletableFuture<Boolean> receipt = new CompletableFuture<>();
		expected.put(text, receipt);
		confirming.invoke((operations) -> {
			operations.convertAndSend(QUEUE, text);
			operations.waitForConfirmsOrDie(120_000);
			return true;
		});
		return receipt.get(120, TimeUnit.SECONDS);
	}

	private static CachingConnectionFactory confirming(RotatingApplication application) {
		CachingConnectionFactory factory = new CachingConnectionFactory(
				application.bean(CachingConnectionFactory.class).getRabbitConnectionFactory());
		factory.setPublisherConfirmType(CachingConnectionFactory.ConfirmType.SIMPLE);
		application.add("confirming", factory);
		return factory;
	}

	private static ServerProgram start(Path program, Path directory, int port) throws Exception {
		Files.writeString(directory.resolve("enabled_plugins"), "[].");
		Files.writeString(directory.resolve("rabbitmq.conf"), "listeners.tcp.default = 127.0.0.1:" + port);
		Map<String, String> environment = new HashMap<>();
		Map.of("CONFIG_FILE", "rabbitmq.conf", "MNESIA_BASE", "data", "LOG_BASE", "log", "ENABLED_PLUGINS_FILE",
				"enabled_plugins", "PID_FILE", "pid")
			.forEach((name, file) -> environment.put("RABBITMQ_" + name, directory.resolve(file).toString()));
		environment.putAll(Map.of("HOME", directory.toString(), "RABBITMQ_NODENAME", "test-" + port + "@localhost",
				"RABBITMQ_DIST_PORT", String.valueOf(FreePort.find()), "ERL_EPMD_ADDRESS", "127.0.0.1",
				"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}",
				// Ends at once, without a further program that tells it to
				"RUNNING_UNDER_SYSTEMD", "1"));
		return new ServerProgram(List.of(program.toString()), environment, directory, port);
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
			Objects.requireNonNull(expected.get(text)).complete(true);
		}

	}

}
