package io.kubelet.cert.ssl.drain;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.ssl.StandInServer;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.Load;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.core.KafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A producer and a listener of a Kafka broker behind a server that demands client
 * certificates.
 *
 * @see io.kubelet.cert.ssl.LiveSslBundle
 */
@SuppressWarnings("try")
class KafkaRotationTests {

	private static final String TOPIC = "messages";

	private static final List<String> received = new CopyOnWriteArrayList<>();

	private final AtomicInteger sent = new AtomicInteger();

	@Test
	void existingConnectionsRemainUntilTheirOwnersAreStartedAgain(@TempDir Path directory) throws Exception {
		int port = FreePort.find();
		try (StandInServer server = new StandInServer(StandInServer.forwardingTo(port));
				RotatingApplication application = new RotatingApplication(Messages.class,
						"spring.kafka.bootstrap-servers=localhost:" + server.port(),
						"spring.kafka.security.protocol=SSL", "spring.kafka.ssl.bundle=client",
						"spring.kafka.consumer.group-id=test", "spring.kafka.consumer.auto-offset-reset=earliest",
						"spring.kafka.listener.auto-startup=false", "spring.kafka.admin.auto-create=false",
						"logging.level.kafka=warn", "logging.level.org.apache.kafka=warn");
				AutoCloseable broker = start(directory, port, server.port())) {
			server.start(application);
			application.bean(KafkaAdmin.class).initialize();
			KafkaListenerEndpointRegistry listeners = application.bean(KafkaListenerEndpointRegistry.class);
			listeners.start();
			send(application);
			awaitEachMessageOnce();
			String first = application.serial("client");
			Load.during(2, () -> send(application), () -> application.rotate("client"));
			awaitEachMessageOnce();
			await().untilAsserted(() -> assertThat(server.open()).hasSizeGreaterThan(1).containsOnly(first));
			application.bean(DefaultKafkaProducerFactory.class).reset();
			listeners.getListenerContainers().forEach((container) -> {
				container.stop();
				container.start();
			});
			send(application);
			awaitEachMessageOnce();
			await().untilAsserted(() -> assertThat(server.open()).containsOnly(application.serial("client")));
			application.close();
		}
	}

	/** A broker in this process, which is its own controller. */
	private static AutoCloseable start(Path directory, int port, int advertised) throws Exception {
		int controller = FreePort.find();
		Properties properties = new Properties();
		properties.putAll(Map.of("process.roles", "broker,controller", "node.id", "1", "controller.quorum.voters",
				"1@localhost:" + controller, "listeners",
				"PLAINTEXT://localhost:" + port + ",CONTROLLER://localhost:" + controller, "advertised.listeners",
				"PLAINTEXT://localhost:" + advertised, "listener.security.protocol.map",
				"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT", "controller.listener.names", "CONTROLLER", "log.dirs",
				directory.toString()));
		properties.putAll(Map.of("offsets.topic.replication.factor", "1", "offsets.topic.num.partitions", "1",
				"group.initial.rebalance.delay.ms", "0"));
		Formatter formatter = new Formatter();
		formatter.setClusterId(Uuid.randomUuid().toString());
		formatter.setNodeId(1);
		formatter.addDirectory(directory.toString());
		formatter.setControllerListenerName("CONTROLLER");
		formatter.run();
		KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
		server.startup();
		return () -> {
			server.shutdown();
			server.awaitShutdown();
		};
	}

	@SuppressWarnings("unchecked")
	private Object send(RotatingApplication application) throws Exception {
		String number = String.valueOf(this.sent.incrementAndGet());
		return application.bean(KafkaTemplate.class).send(TOPIC, number).get(120, TimeUnit.SECONDS);
	}

	private void awaitEachMessageOnce() {
		await().untilAsserted(() -> assertThat(received).hasSameSizeAs(Set.copyOf(received)).hasSize(this.sent.get()));
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(KafkaAutoConfiguration.class)
	static class Messages {

		@Bean
		NewTopic messages() {
			return new NewTopic(TOPIC, 2, (short) 1);
		}

		@KafkaListener(topics = TOPIC)
		void receive(String text) {
			received.add(text);
		}

	}

}
