package io.kubelet.cert.ssl.drain;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
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
 * A producer and a listener of a Kafka broker that demands client certificates.
 */
class KafkaRotationTests {

	private static final String TOPIC = "messages";

	private static final List<String> received = new CopyOnWriteArrayList<>();

	private static RotatingApplication application;

	private static KafkaServer server;

	private final AtomicInteger sent = new AtomicInteger();

	@BeforeAll
	static void start(@TempDir Path directory) throws Exception {
		int port = RotatingApplication.freePort();
		application = new RotatingApplication(directory, Messages.class,
				"spring.kafka.bootstrap-servers=localhost:" + port, "spring.kafka.security.protocol=SSL",
				"spring.kafka.ssl.bundle=client", "spring.kafka.producer.client-id=producer",
				"spring.kafka.consumer.client-id=consumer", "spring.kafka.consumer.group-id=test",
				"spring.kafka.consumer.auto-offset-reset=earliest", "spring.kafka.listener.auto-startup=false",
				"spring.kafka.admin.auto-create=false", "logging.level.kafka=warn",
				"logging.level.org.apache.kafka=warn");
		server = new KafkaServer(application, port);
		application.bean(KafkaAdmin.class).initialize();
		application.bean(KafkaListenerEndpointRegistry.class).start();
	}

	@AfterAll
	static void stop() {
		application.close();
		server.close();
	}

	@BeforeEach
	void forget() {
		received.clear();
	}

	@Test
	void newConnectionPresentsTheCurrentCertificateAndExistingOnesRemain() throws Exception {
		send();
		await().until(() -> received.size() == 1);
		String first = application.serial("client");
		RotatingApplication.rotationsUnderLoad(this::send, () -> {
			String serial = application.rotate("client");
			connectAgain();
			assertThat(KafkaServer.serial("another", ApiKeys.METADATA)).isEqualTo(serial);
		});
		assertThatEachMessageArrivedOnce();
		assertThat(KafkaServer.serial("producer", ApiKeys.PRODUCE)).isEqualTo(first);
		assertThat(KafkaServer.serial("consumer", ApiKeys.FETCH)).isEqualTo(first);
	}

	@Test
	void producerThatIsResetAndContainerThatIsStartedAgainPresentTheCurrentCertificate() throws Exception {
		send();
		await().until(() -> received.size() == 1);
		String serial = application.rotate("client");
		application.bean(DefaultKafkaProducerFactory.class).reset();
		application.bean(KafkaListenerEndpointRegistry.class).getListenerContainers().forEach((container) -> {
			container.stop();
			container.start();
		});
		send();
		assertThatEachMessageArrivedOnce();
		assertThat(KafkaServer.serial("producer", ApiKeys.PRODUCE)).isEqualTo(serial);
		assertThat(KafkaServer.serial("consumer", ApiKeys.FETCH)).isEqualTo(serial);
	}

	private Object send() throws Exception {
		String number = String.valueOf(this.sent.incrementAndGet());
		return template().send(TOPIC, number).get(120, TimeUnit.SECONDS);
	}

	@SuppressWarnings("unchecked")
	private static KafkaTemplate<String, String> template() {
		return application.bean(KafkaTemplate.class);
	}

	private void assertThatEachMessageArrivedOnce() {
		await().untilAsserted(() -> assertThat(received).hasSameSizeAs(Set.copyOf(received)).hasSize(this.sent.get()));
	}

	private static void connectAgain() throws Exception {
		Map<String, Object> properties = new HashMap<>(application.bean(KafkaAdmin.class).getConfigurationProperties());
		properties.put(AdminClientConfig.CLIENT_ID_CONFIG, "another");
		try (Admin admin = Admin.create(properties)) {
			admin.listTopics().names().get();
		}
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
