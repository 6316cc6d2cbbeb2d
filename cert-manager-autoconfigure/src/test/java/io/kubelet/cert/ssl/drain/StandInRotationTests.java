package io.kubelet.cert.ssl.drain;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import com.mongodb.client.MongoClient;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.ssl.StandInServer;
import io.kubelet.cert.testsupport.Load;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.elasticsearch.autoconfigure.ElasticsearchRestClientAutoConfiguration;
import org.springframework.boot.mail.autoconfigure.MailSenderAutoConfiguration;
import org.springframework.boot.mongodb.autoconfigure.MongoAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.mail.MailSender;
import org.springframework.mail.SimpleMailMessage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Clients of MongoDB, Elasticsearch and a mail server, for which others stand in, because
 * they are neither Debian packages nor on Maven Central.
 *
 * @see io.kubelet.cert.ssl.LiveSslBundle
 */
class StandInRotationTests {

	@Test
	void newConnectionPresentsTheCurrentCertificateAndThoseOfMongoRemain() throws Exception {
		try (StandInServer mongo = new StandInServer(StandInServer::mongo);
				StandInServer elasticsearch = new StandInServer(StandInServer::http);
				StandInServer mail = new StandInServer(StandInServer::smtp);
				RotatingApplication application = new RotatingApplication(Clients.class,
						"spring.mongodb.uri=mongodb://localhost:" + mongo.port() + "/?connectTimeoutMS=120000",
						"spring.mongodb.ssl.bundle=client",
						"spring.elasticsearch.uris=https://localhost:" + elasticsearch.port(),
						"spring.elasticsearch.connection-timeout=2m", "spring.elasticsearch.socket-timeout=2m",
						"spring.elasticsearch.restclient.ssl.bundle=client", "spring.mail.host=localhost",
						"spring.mail.port=" + mail.port(), "spring.mail.protocol=smtps",
						"spring.mail.ssl.bundle=client")) {
			List<StandInServer> servers = List.of(mongo, elasticsearch, mail);
			servers.forEach((server) -> server.start(application));
			MongoClient database = application.bean(MongoClient.class);
			Rest5Client search = application.bean(Rest5Client.class);
			MailSender sender = application.bean(MailSender.class);
			String first = application.serial("client");
			ping(database);
			int calls = Load.during(2, () -> {
				ping(database);
				send(sender);
				return get(search);
			}, () -> application.rotate("client"));
			assertThat(mongo.open()).contains(first);
			mongo.cut();
			await().ignoreExceptions().untilAsserted(() -> {
				ping(database);
				send(sender);
				get(search);
				assertThat(servers).allSatisfy(
						(server) -> assertThat(server.presented()).last().isEqualTo(application.serial("client")));
			});
			// A connection for each request and for each message
			assertThat(elasticsearch.presented()).hasSizeGreaterThanOrEqualTo(calls);
			assertThat(mail.presented()).hasSizeGreaterThanOrEqualTo(calls);
		}
	}

	/** Which is otherwise what the connection belongs to. */
	@Test
	void connectionOfElasticsearchRemainsIfNoClientCertificateIsPresented() throws Exception {
		HttpsServer elasticsearch = HttpsServer.create(new InetSocketAddress("localhost", 0), 0);
		Set<InetSocketAddress> connections = ConcurrentHashMap.newKeySet();
		elasticsearch.createContext("/", (exchange) -> {
			connections.add(exchange.getRemoteAddress());
			exchange.sendResponseHeaders(200, -1);
			exchange.close();
		});
		try (RotatingApplication application = new RotatingApplication(Clients.class,
				"spring.elasticsearch.uris=https://localhost:" + elasticsearch.getAddress().getPort(),
				"spring.elasticsearch.restclient.ssl.bundle=client")) {
			elasticsearch.setHttpsConfigurator(new HttpsConfigurator(application.bundle("server").createSslContext()));
			elasticsearch.start();
			Rest5Client search = application.bean(Rest5Client.class);
			get(search);
			application.rotate("client");
			get(search);
			assertThat(connections).hasSize(1);
		}
		finally {
			elasticsearch.stop(0);
		}
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
