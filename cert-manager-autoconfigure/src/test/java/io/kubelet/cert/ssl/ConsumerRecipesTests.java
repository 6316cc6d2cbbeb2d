package io.kubelet.cert.ssl;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.kubelet.cert.ssl.ClientRotationTests.Clients;
import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Markdown;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.restclient.autoconfigure.RestClientSsl;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.security.oauth2.client.endpoint.OAuth2AccessTokenResponseClient;
import org.springframework.security.oauth2.client.endpoint.OAuth2ClientCredentialsGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientClientCredentialsTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The recipes for clients that do not follow a rotation by themselves.
 *
 * @see "docs/reference/ssl-bundle-consumers.md"
 */
class ConsumerRecipesTests {

	private static final Pattern LENGTH = Pattern.compile("(?i)\\r\\ncontent-length: *(\\d+)");

	@TempDir
	private Path directory;

	private RotatingApplication application;

	private StandInServer server;

	@BeforeEach
	void start() throws IOException {
		this.application = new RotatingApplication(Clients.class);
		SslStoreBundle stores = this.application.bundle("server").getStores();
		this.server = new StandInServer(ConsumerRecipesTests::answerWithToken).start(SslBundle
			.of(SslStoreBundle.of(stores.getKeyStore(), stores.getKeyStorePassword(), stores.getTrustStore())));
	}

	@AfterEach
	void stop() throws IOException {
		this.server.close();
		this.application.close();
	}

	/** Answers each request with a token that is the serial number of the client. */
	private static void answerWithToken(StandInServer.Peer client) throws IOException {
		InputStream in = new BufferedInputStream(client.input());
		for (String head = head(in); head.endsWith("\r\n\r\n"); head = head(in)) {
			Matcher length = LENGTH.matcher(head);
			in.readNBytes(length.find() ? Integer.parseInt(length.group(1)) : 0);
			String body = "{\"access_token\":\"%s\",\"token_type\":\"Bearer\"}".formatted(client.serial());
			client.output()
				.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
					.formatted(body.length(), body)
					.getBytes(StandardCharsets.US_ASCII));
			client.output().flush();
		}
	}

	private static String head(InputStream in) throws IOException {
		ByteArrayOutputStream head = new ByteArrayOutputStream();
		for (int next = in.read(); next >= 0; next = in.read()) {
			head.write(next);
			if (next == '\n' && head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
				break;
			}
		}
		return head.toString(StandardCharsets.US_ASCII);
	}

	@Test
	void tokensAreRequestedWithTheCurrentCertificate() throws Exception {
		try (AnnotationConfigApplicationContext context = documented("TokenConfiguration")) {
			OAuth2AccessTokenResponseClient<OAuth2ClientCredentialsGrantRequest> client = context
				.getBean(RestClientClientCredentialsTokenResponseClient.class);
			ClientRegistration registration = ClientRegistration.withRegistrationId("shop")
				.clientId("shop")
				.clientSecret("secret")
				.authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
				.tokenUri(this.server.uri().toString())
				.build();
			for (int rotation = 0; rotation < 3; rotation++) {
				assertThat(client.getTokenResponse(new OAuth2ClientCredentialsGrantRequest(registration))
					.getAccessToken()
					.getTokenValue()).isEqualTo(this.application.serial("client"));
				this.application.rotate("client");
			}
		}
	}

	/** Creates the context of a documented configuration, which uses the application. */
	private AnnotationConfigApplicationContext documented(String configuration) throws Exception {
		ClassLoader classes = DocumentedJava.compile(Markdown.of("docs/reference/ssl-bundle-consumers.md"),
				Files.createDirectory(this.directory.resolve("classes")));
		AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
		context.setClassLoader(classes);
		context.registerBean(SslBundles.class, () -> this.application.bean(SslBundles.class));
		context.registerBean(RestClient.Builder.class, () -> this.application.bean(RestClient.Builder.class));
		context.registerBean(RestClientSsl.class, () -> this.application.bean(RestClientSsl.class));
		context.register(classes.loadClass(configuration));
		context.refresh();
		return context;
	}

}
