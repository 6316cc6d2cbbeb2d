package io.kubelet.cert.ssl.drain;

import java.nio.file.Path;
import java.util.List;

import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import co.elastic.clients.transport.rest5_client.low_level.Rest5ClientBuilder;
import com.mongodb.MongoClientSettings;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.elasticsearch.autoconfigure.ElasticsearchRestClientAutoConfiguration;
import org.springframework.boot.mail.autoconfigure.MailSenderAutoConfiguration;
import org.springframework.boot.mongodb.autoconfigure.MongoAutoConfiguration;
import org.springframework.boot.mongodb.autoconfigure.MongoClientSettingsBuilderCustomizer;
import org.springframework.context.annotation.Configuration;
import org.springframework.mail.MailSender;
import org.springframework.mail.SimpleMailMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients of MongoDB, Elasticsearch and a mail server, for which others stand in.
 */
@SuppressWarnings("try")
class StandInRotationTests {

	@Test
	void newConnectionPresentsTheCurrentCertificateAndThoseOfMongoRemain(@TempDir Path directory) throws Exception {
		int mongoPort = RotatingApplication.freePort();
		int elasticsearchPort = RotatingApplication.freePort();
		int mailPort = RotatingApplication.freePort();
		try (RotatingApplication application = new RotatingApplication(directory, Clients.class,
				"spring.mongodb.uri=mongodb://localhost:" + mongoPort + "/?connectTimeoutMS=120000",
				"spring.mongodb.ssl.bundle=client", "spring.elasticsearch.uris=https://localhost:" + elasticsearchPort,
				"spring.elasticsearch.connection-timeout=2m", "spring.elasticsearch.socket-timeout=2m",
				"spring.elasticsearch.restclient.ssl.bundle=client", "spring.mail.host=localhost",
				"spring.mail.port=" + mailPort, "spring.mail.protocol=smtps", "spring.mail.ssl.bundle=client");
				StandInServer mongo = start(application, mongoPort, StandInServer::mongo);
				StandInServer elasticsearch = start(application, elasticsearchPort, StandInServer::http);
				StandInServer mail = start(application, mailPort, StandInServer::smtp)) {
			MongoClient database = application.bean(MongoClient.class);
			Rest5Client search = application.bean(Rest5Client.class);
			MailSender sender = application.bean(MailSender.class);
			String first = application.serial("client");
			ping(database);
			get(search);
			int calls = RotatingApplication.rotationsUnderLoad(() -> {
				ping(database);
				send(sender);
				return get(search);
			}, () -> {
				String serial = application.rotate("client");
				try (MongoClient another = another(application);
						Rest5Client other = application.bean(Rest5ClientBuilder.class).build()) {
					ping(another);
					get(other);
					send(sender);
				}
				for (StandInServer server : List.of(mongo, elasticsearch, mail)) {
					assertThat(server.presented()).contains(serial);
				}
			});
			assertThat(mongo.open()).contains(first);
			// A connection for each request and for each message
			assertThat(elasticsearch.presented()).hasSizeGreaterThanOrEqualTo(calls);
			assertThat(mail.presented()).hasSizeGreaterThanOrEqualTo(calls);
		}
	}

	private static StandInServer start(RotatingApplication application, int port, StandInServer.Protocol protocol)
			throws Exception {
		return new StandInServer(application.bundle("server").createSslContext(), port, protocol);
	}

	private static MongoClient another(RotatingApplication application) {
		MongoClientSettings.Builder settings = MongoClientSettings.builder();
		application.bean(MongoClientSettingsBuilderCustomizer.class).customize(settings);
		return MongoClients.create(settings.build());
	}

	private static void ping(MongoClient client) {
		client.getDatabase("test").runCommand(new BsonDocument("ping", new BsonInt32(1)));
	}

	private static int get(Rest5Client client) throws Exception {
		return client.performRequest(new Request("GET", "/")).getStatusCode();
	}

	private static void send(MailSender sender) {
		SimpleMailMessage message = new SimpleMailMessage();
		message.setFrom("from@example.com");
		message.setTo("to@example.com");
		message.setText("text");
		sender.send(message);
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ MongoAutoConfiguration.class, ElasticsearchRestClientAutoConfiguration.class,
			MailSenderAutoConfiguration.class })
	static class Clients {

	}

}
