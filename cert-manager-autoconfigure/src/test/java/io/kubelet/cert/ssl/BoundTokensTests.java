package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.ssl.ClientRotationTests.Clients;
import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.TestKeys;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.restclient.autoconfigure.RestClientSsl;
import org.springframework.boot.security.oauth2.client.autoconfigure.OAuth2ClientAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.client.AuthorizedClientServiceOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientService;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.OAuth2AccessToken;
import org.springframework.security.oauth2.core.OAuth2AccessToken.TokenType;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationToken;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Access tokens that are bound to a certificate that rotates, with Spring Authorization
 * Server and a resource server. The configurations are those of the guide.
 *
 * @see "docs/how-to/oauth2.md"
 */
class BoundTokensTests {

	private static final Logger logger = LoggerFactory.getLogger(BoundTokensTests.class);

	private static final int ROTATIONS = Integer.getInteger("tokens.rotations", 20);

	@TempDir
	private static Path directory;

	private static ClassLoader documented;

	private static RotatingApplication servers;

	@SuppressWarnings("NullAway.Init")
	private RotatingApplication application;

	@BeforeAll
	static void startServers() throws Exception {
		documented = DocumentedJava.compile(Markdown.of("docs/how-to/oauth2.md"),
				Files.createDirectory(directory.resolve("classes")));
		servers = new RotatingApplication(WebApplicationType.SERVLET,
				List.of(Servers.class, documented.loadClass("com.example.login.LoginConfiguration")), "server.port=0",
				"server.address=127.0.0.1", "server.ssl.bundle=server", "server.ssl.client-auth=want");
	}

	@AfterAll
	static void stopServers() {
		servers.close();
	}

	@AfterEach
	void stop() {
		this.application.close();
	}

	private RestClient start(String... properties) throws Exception {
		this.application = new RotatingApplication(WebApplicationType.NONE,
				List.of(Clients.class, Tokens.class,
						documented.loadClass("com.example.shop.OrdersClientConfiguration")),
				Stream.concat(Stream.of(
						"kubelet.cert.additional.client.signer-name=kubernetes.io/kube-apiserver-client",
						"kubelet.cert.additional.client.template.common-name=shop",
						"kubelet.cert.additional.client.template.organizations=example",
						"spring.security.oauth2.client.registration.orders.provider=login",
						"spring.security.oauth2.client.registration.orders.client-id=shop",
						"spring.security.oauth2.client.registration.orders.client-authentication-method=tls_client_auth",
						"spring.security.oauth2.client.registration.orders.authorization-grant-type=client_credentials",
						"spring.security.oauth2.client.registration.orders.scope=orders",
						"spring.security.oauth2.client.provider.login.token-uri=" + uri("/oauth2/token")),
						Stream.of(properties))
					.toArray(String[]::new));
		return this.application.bean(RestClient.class);
	}

	private static URI uri(String path) {
		return URI.create("https://localhost:" + servers.port("local.server.port") + path);
	}

	@ParameterizedTest
	@ValueSource(strings = { "jdk", "http-components" })
	void noCallFailsWhileTheCertificateRotates(String client) throws Exception {
		RestClient orders = start("spring.http.clients.imperative.factory=" + client);
		Calls calls = servers.bean(Calls.class);
		calls.clear();
		int sent = Load.during(ROTATIONS, () -> {
			assertThat(post(orders)).startsWith("order of ");
			return null;
		}, () -> {
			X509Certificate rotated = this.application.rotate("client");
			assertThat(post(orders)).isEqualTo("order of " + thumbprint(rotated));
		});
		logger.info("{}: {} rotations, {} tokens, {} calls, {} refused and repeated, 0 failed", client, ROTATIONS,
				calls.tokens.size(), sent + ROTATIONS, calls.refused.get());
		// Each of the three callers may request one, also for a call that was under way
		assertThat(calls.tokens.size()).isBetween(ROTATIONS, 6 * (ROTATIONS + 1));
	}

	private static String post(RestClient orders) {
		return String.valueOf(orders.post().uri(uri("/orders")).body("order").retrieve().body(String.class));
	}

	/** As without the recipe. */
	@Test
	void tokenOfThePreviousCertificateIsRefused() throws Exception {
		start();
		RestClient client = this.application.bean(RestClient.Builder.class)
			.apply(this.application.bean(RestClientSsl.class).fromBundle("client"))
			.defaultHeader("Authorization", "Bearer " + token("test"))
			.build();
		assertThat(post(client)).isEqualTo("order of " + thumbprint(this.application.pair("client").leaf()));
		this.application.rotate("client");
		assertThatExceptionOfType(HttpClientErrorException.Unauthorized.class).isThrownBy(() -> post(client));
	}

	@Test
	void tokenIsOfNoUseToOthers() throws Exception {
		start();
		HttpRequest stolen = HttpRequest.newBuilder(uri("/orders"))
			.header("Authorization", "Bearer " + token("test"))
			.build();
		for (RotatingApplication thief : List.of(servers, this.application)) {
			HttpClient client = HttpClient.newBuilder().sslContext(thief.bundle("client").createSslContext()).build();
			assertThat(client.send(stolen, BodyHandlers.ofString()).statusCode())
				.isEqualTo((thief == servers) ? 401 : 200);
		}
	}

	@Test
	void tokensOfThePreviousCertificateAreDropped() throws Exception {
		RestClient orders = start();
		post(orders);
		String name = name(this.application.pair("client").leaf());
		OAuth2AuthorizedClientService tokens = this.application.bean(OAuth2AuthorizedClientService.class);
		assertThat(isKept(tokens, name)).isTrue();
		this.application.rotate("client");
		await().until(() -> !isKept(tokens, name));
	}

	@Test
	void tokenThatIsRefusedIsReplaced() throws Exception {
		RestClient orders = start();
		Authentication principal = UsernamePasswordAuthenticationToken
			.unauthenticated(name(this.application.pair("client").leaf()), null);
		ClientRegistration registration = Objects
			.requireNonNull(this.application.bean(ClientRegistrationRepository.class).findByRegistrationId("orders"));
		this.application.bean(OAuth2AuthorizedClientService.class)
			.saveAuthorizedClient(new OAuth2AuthorizedClient(registration, principal.getName(),
					new OAuth2AccessToken(TokenType.BEARER, "revoked", Instant.now(), Instant.now().plusSeconds(3600))),
					principal);
		assertThat(post(orders)).startsWith("order of ");
	}

	/** Such a client may present a certificate all the same. */
	@Test
	void clientWithASecretIsNotIdentifiedByItsCertificate() throws Exception {
		start();
		HttpClient client = HttpClient.newBuilder()
			.sslContext(this.application.bundle("client").createSslContext())
			.build();
		for (String secret : List.of("", "&client_secret=secret")) {
			HttpRequest request = HttpRequest.newBuilder(uri("/oauth2/token"))
				.header("Content-Type", "application/x-www-form-urlencoded")
				.POST(BodyPublishers.ofString("grant_type=client_credentials&client_id=shop" + secret))
				.build();
			assertThat(client.send(request, BodyHandlers.ofString()).statusCode())
				.isEqualTo(secret.isEmpty() ? 200 : 401);
		}
	}

	private static boolean isKept(OAuth2AuthorizedClientService tokens, String name) {
		OAuth2AuthorizedClient token = tokens.loadAuthorizedClient("orders", name);
		return token != null;
	}

	private static String name(X509Certificate certificate) {
		return certificate.getSerialNumber().toString();
	}

	private String token(String name) {
		return Objects
			.requireNonNull(this.application.bean(AuthorizedClientServiceOAuth2AuthorizedClientManager.class)
				.authorize(OAuth2AuthorizeRequest.withClientRegistrationId("orders").principal(name).build()))
			.getAccessToken()
			.getTokenValue();
	}

	private static String thumbprint(X509Certificate certificate) throws Exception {
		return Base64.getUrlEncoder()
			.withoutPadding()
			.encodeToString(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
	}

	/** What the resource server has seen. */
	static final class Calls {

		private final Set<String> tokens = ConcurrentHashMap.newKeySet();

		private final AtomicInteger refused = new AtomicInteger();

		void clear() {
			this.tokens.clear();
			this.refused.set(0);
		}

		void add(String token, int status) {
			this.tokens.add(token);
			if (status == HttpServletResponse.SC_UNAUTHORIZED) {
				this.refused.incrementAndGet();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(OAuth2ClientAutoConfiguration.class)
	static class Tokens {

	}

	/** What an authorization server has as well, and a resource server. */
	@Configuration(proxyBeanMethods = false)
	@EnableWebSecurity
	@ImportAutoConfiguration({ CertificateServerAutoConfiguration.class, TomcatServletWebServerAutoConfiguration.class,
			DispatcherServletAutoConfiguration.class, WebMvcAutoConfiguration.class })
	static class Servers {

		@Bean
		JWKSource<SecurityContext> keys() {
			KeyPair keys = TestKeys.generate(TestKeys.RSA);
			return new ImmutableJWKSet<>(
					new JWKSet(new RSAKey.Builder((RSAPublicKey) keys.getPublic()).privateKey(keys.getPrivate())
						.keyID("test")
						.build()));
		}

		@Bean
		AuthorizationServerSettings settings() {
			return AuthorizationServerSettings.builder().build();
		}

		@Bean
		JwtDecoder decoder(JWKSource<SecurityContext> keys) {
			return NimbusJwtDecoder.withJwkSource(keys).build();
		}

		@Bean
		@Order(2)
		SecurityFilterChain orders(HttpSecurity http) throws Exception {
			return http.authorizeHttpRequests((requests) -> requests.anyRequest().hasAuthority("SCOPE_orders"))
				.oauth2ResourceServer((server) -> server.jwt(Customizer.withDefaults()))
				.build();
		}

		@Bean
		Calls calls() {
			return new Calls();
		}

		@Bean
		FilterRegistrationBean<Filter> counting(Calls calls) {
			FilterRegistrationBean<Filter> filter = new FilterRegistrationBean<>((request, response, chain) -> {
				chain.doFilter(request, response);
				String token = ((HttpServletRequest) request).getHeader("Authorization");
				if (token != null) {
					calls.add(token, ((HttpServletResponse) response).getStatus());
				}
			});
			filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
			return filter;
		}

		@Bean
		ServletRegistrationBean<HttpServlet> servlet() {
			return new ServletRegistrationBean<>(new HttpServlet() {

				@Override
				protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
					JwtAuthenticationToken caller = (JwtAuthenticationToken) request.getUserPrincipal();
					Map<String, Object> confirmation = Objects.requireNonNull(caller.getToken().getClaimAsMap("cnf"));
					response.getWriter()
						.write(new String(request.getInputStream().readAllBytes()) + " of "
								+ confirmation.get("x5t#S256"));
				}

			}, "/orders");
		}

	}

}
