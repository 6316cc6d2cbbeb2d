package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.RabbitListenerEndpointRegistry;
import org.springframework.amqp.support.AmqpHeaders;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.handler.annotation.Header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A publisher and a listener of a RabbitMQ server that demands client certificates.
 */
@SuppressWarnings("try")
class RabbitRotationTests {

	private static final String QUEUE = "messages";

	/**
	 * Erlang: writes the serial numbers of the clients' certificates, again and again.
	 */
	private static final String SERIALS = """
			Serial = fun(Reader) ->
				try
					{_, _, Connection} = sys:get_state(Reader, 1000),
					{ok, Certificate} = ssl:peercert(element(4, Connection)),
					Signed = element(2, public_key:der_decode('Certificate', Certificate)),
					[integer_to_list(element(3, Signed), 16), "\\n"]
				catch _:_ -> [] end end,
			spawn(fun Loop() ->
				try
					ok = file:write_file("serials.new", [Serial(Reader) || Reader <- rabbit_networking:connections()]),
					ok = file:rename("serials.new", "serials")
				catch _:_ -> ok end,
				timer:sleep(50),
				Loop() end).
			""";

	private static final Logger logger = LoggerFactory.getLogger(RabbitRotationTests.class);

	private static final Map<String, CompletableFuture<Boolean>> expected = new ConcurrentHashMap<>();

	/** Those that the server has marked as delivered before. */
	private static final AtomicInteger redelivered = new AtomicInteger();

	/** Those that the listener got twice. */
	private static final AtomicInteger repeated = new AtomicInteger();

	/**
	 * The connection of the listener follows. That of the publisher, which waits for
	 * confirms, remains: closing it would fail what is being published.
	 */
	@Test
	void connectionsFollowTheRotationAndNoMessageIsLost(@TempDir Path directory) throws Exception {
		Path program = ServerProgram.require("rabbitmq-server", "/usr/lib/rabbitmq");
		int port = RotatingApplication.freePort();
		try (RotatingApplication application = new RotatingApplication(directory, Messages.class,
				"spring.rabbitmq.host=localhost", "spring.rabbitmq.port=" + port, "spring.rabbitmq.ssl.bundle=client",
				"spring.rabbitmq.listener.simple.auto-startup=false", "kubelet.cert.drain.rabbitmq=true");
				ServerProgram server = start(program, application, port)) {
			CachingConnectionFactory confirming = confirming(application);
			application.bean(RabbitAdmin.class).initialize();
			application.bean(RabbitListenerEndpointRegistry.class).start();
			confirming.createConnection();
			String first = application.serial("client");
			await().untilAsserted(() -> assertThat(serials(application)).containsExactly(first, first));
			AtomicInteger sent = new AtomicInteger();
			RotatingApplication.rotationsUnderLoad(() -> send(new RabbitTemplate(confirming), sent), () -> {
				String serial = application.rotate("client");
				await().untilAsserted(() -> assertThat(serials(application)).containsExactlyInAnyOrder(first, serial));
			});
			logger.info("{} messages: {} redelivered, {} received twice", sent, redelivered, repeated);
			assertThat(repeated.get()).isLessThanOrEqualTo(redelivered.get());
			confirming.destroy();
			application.close();
		}
	}

	/** Those that the server saw in the connections that are open. */
	private static List<String> serials(RotatingApplication application) throws Exception {
		Path file = application.directory().resolve("rabbitmq/serials");
		return Files.exists(file) ? Files.readString(file).toLowerCase(Locale.ROOT).lines().toList() : List.of();
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

	private static ServerProgram start(Path program, RotatingApplication application, int port) throws Exception {
		Path directory = Files.createDirectory(application.directory().resolve("rabbitmq"));
		application.writeServerFiles(directory);
		Files.writeString(directory.resolve("enabled_plugins"), "[].");
		Files.writeString(directory.resolve(".erlang"), SERIALS);
		Files.writeString(directory.resolve("rabbitmq.conf"), """
				listeners.tcp = none
				listeners.ssl.default = 127.0.0.1:%1$d
				ssl_options.cacertfile = %2$s/ca.crt
				ssl_options.certfile = %2$s/server.crt
				ssl_options.keyfile = %2$s/server.key
				ssl_options.verify = verify_peer
				ssl_options.fail_if_no_peer_cert = true
				""".formatted(port, directory));
		Map<String, String> environment = new HashMap<>();
		List.of("config_file=rabbitmq.conf", "mnesia_base=data", "log_base=log", "enabled_plugins_file=enabled_plugins",
				"pid_file=pid")
			.forEach((file) -> {
				String[] parts = file.split("=");
				environment.put("RABBITMQ_" + parts[0].toUpperCase(Locale.ROOT),
						directory.resolve(parts[1]).toString());
			});
		environment.putAll(Map.of("HOME", directory.toString(), "RABBITMQ_NODENAME", "test-" + port + "@localhost",
				"RABBITMQ_DIST_PORT", String.valueOf(RotatingApplication.freePort()), "ERL_EPMD_ADDRESS", "127.0.0.1",
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
		void receive(String text, @Header(AmqpHeaders.REDELIVERED) boolean again) {
			CompletableFuture<Boolean> receipt = expected.get(text);
			if (again) {
				redelivered.incrementAndGet();
			}
			if (receipt != null && !receipt.complete(true)) {
				repeated.incrementAndGet();
			}
		}

	}

}
