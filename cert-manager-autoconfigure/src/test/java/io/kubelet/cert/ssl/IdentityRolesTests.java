package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.security.CertificateSecurityAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.TestAuthority;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.boot.webflux.autoconfigure.HttpHandlerAutoConfiguration;
import org.springframework.boot.webflux.autoconfigure.WebFluxAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.core.userdetails.ReactiveUserDetailsService;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.web.authentication.preauth.x509.X509PrincipalExtractor;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.web.reactive.function.server.RequestPredicates;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Roles by the identity of the caller, as in the guide to mutual TLS, with real
 * handshakes.
 *
 * @see "docs/how-to/mutual-tls.md"
 * @see io.kubelet.cert.autoconfigure.security.PeerPrincipalExtractor
 */
@ParameterizedClass
@EnumSource
class IdentityRolesTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private static final String REPORTS = "spiffe://example.org/ns/reports/sa/reports";

	private static final TestAuthority authority = new TestAuthority("clients");

	@TempDir
	private static Path directory;

	/** Accepts each client of the authority. */
	private static RotatingApplication open;

	/** Accepts a DNS name only. */
	private static RotatingApplication restricted;

	private final Kind kind;

	IdentityRolesTests(Kind kind) {
		this.kind = kind;
	}

	@BeforeParameterizedClassInvocation
	static void start(Kind kind) throws Exception {
		Class<?> security = (kind == Kind.SERVLET) ? DocumentedJava
			.compile(Markdown.of("docs/how-to/mutual-tls.md"), Files.createDirectories(directory.resolve("classes")))
			.loadClass("com.example.orders.SecurityConfiguration") : Reactive.class;
		open = start(kind, security);
		restricted = start(kind, security, "kubelet.cert.ssl.accepted-clients.dns-names=batch.svc");
	}

	private static RotatingApplication start(Kind kind, Class<?> security, String... properties) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		return new RotatingApplication(kind.type, List.of(kind.configuration, security), Stream
			.concat(Stream.of("server.port=0", "server.address=127.0.0.1", "server.ssl.bundle=server",
					"server.ssl.client-auth=want", "kubelet.cert.ssl.trust-file=" + trusted), Stream.of(properties))
			.toArray(String[]::new));
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		open.close();
		restricted.close();
	}

	@Test
	void roleOfTheIdentityDecides() throws Exception {
		CertificatePair shop = authority.svid(SHOP);
		assertThat(call(open, shop, "GET").body()).isEqualTo(SHOP);
		assertThat(call(open, shop, "PUT").statusCode()).isEqualTo(200);
		CertificatePair reports = authority.svid(REPORTS);
		assertThat(call(open, reports, "GET").body()).isEqualTo(REPORTS);
		assertThat(call(open, reports, "PUT").statusCode()).isEqualTo(403);
	}

	@ParameterizedTest
	@EnumSource
	void callerThatIsNotNamedHasNoRole(Stranger stranger) throws Exception {
		assertThat(call(open, stranger.pair, "GET").statusCode()).isIn(401, 403);
	}

	/** The guide has a rule for them, which is one of Servlet. */
	@Test
	void probesNeedNoRole() throws Exception {
		assertThat(call(open, null, "GET", "/actuator/health/liveness").statusCode())
			.isEqualTo((this.kind == Kind.SERVLET) ? 200 : 401);
	}

	/** Another name in its certificate is not one that was checked. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void nameThatIsAcceptedIsThePrincipal(boolean uri) throws Exception {
		List<GeneralName> names = new ArrayList<>(List.of(new GeneralName(GeneralName.dNSName, "batch.svc")));
		if (uri) {
			names.add(new GeneralName(GeneralName.uniformResourceIdentifier, SHOP));
		}
		CertificatePair pair = authority.pair(new X500Name("CN=" + SHOP), names, false, KeyUsage.digitalSignature);
		assertThat(restricted.bean(X509PrincipalExtractor.class).extractPrincipal(pair.leaf())).isEqualTo("batch.svc");
		assertThat(call(restricted, pair, "GET").statusCode()).isIn(401, 403);
	}

	private static HttpResponse<String> call(RotatingApplication application, @Nullable CertificatePair client,
			String method) throws Exception {
		return call(application, client, method, "/");
	}

	private static HttpResponse<String> call(RotatingApplication application, @Nullable CertificatePair client,
			String method, String path) throws Exception {
		Trust server = Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem()));
		try {
			return HttpClient.newBuilder()
				.sslContext(InsistentKeyManager.context(client, server, "TLS"))
				.build()
				.send(HttpRequest
					.newBuilder(URI.create("https://localhost:" + application.port("local.server.port") + path))
					.method(method, BodyPublishers.noBody())
					.build(), BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new IllegalStateException(method + " by " + client, ex);
		}
	}

	/** Clients whose certificates do not say that they are one of those with a role. */
	enum Stranger {

		NO_CERTIFICATE(null),

		OTHER_URI(authority.svid(SHOP + "/")),

		OTHER_CASE(authority.svid("spiffe://example.org/ns/shop/sa/Shop")),

		URI_AS_COMMON_NAME(authority.pair(SHOP)),

		URI_AS_DNS_NAME(authority.pair("a", SHOP)),

		TWO_URIS(authority.pair(new X500Name(""),
				List.of(new GeneralName(GeneralName.uniformResourceIdentifier, SHOP),
						new GeneralName(GeneralName.uniformResourceIdentifier, REPORTS)),
				false, KeyUsage.digitalSignature)),

		NO_NAME(authority.pair(new X500Name("O=some"), List.of(), false, KeyUsage.digitalSignature));

		private final @Nullable CertificatePair pair;

		Stranger(@Nullable CertificatePair pair) {
			this.pair = pair;
		}

	}

	enum Kind {

		SERVLET(WebApplicationType.SERVLET, Servlets.class),

		WEBFLUX(WebApplicationType.REACTIVE, Handlers.class);

		private final WebApplicationType type;

		private final Class<?> configuration;

		Kind(WebApplicationType type, Class<?> configuration) {
			this.type = type;
			this.configuration = configuration;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebSecurity
	@ImportAutoConfiguration({ TomcatServletWebServerAutoConfiguration.class, CertificateServerAutoConfiguration.class,
			CertificateSecurityAutoConfiguration.class })
	static class Servlets {

		@Bean
		ServletRegistrationBean<HttpServlet> servlet() {
			return new ServletRegistrationBean<>(new HttpServlet() {

				@Override
				protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
					response.getWriter().write(String.valueOf(request.getRemoteUser()));
				}

			}, "/");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ NettyReactiveWebServerAutoConfiguration.class, HttpHandlerAutoConfiguration.class,
			WebFluxAutoConfiguration.class, CertificateServerAutoConfiguration.class,
			CertificateSecurityAutoConfiguration.class })
	static class Handlers {

		@Bean
		RouterFunction<ServerResponse> handler() {
			return RouterFunctions.route(RequestPredicates.path("/"), (request) -> request.principal()
				.flatMap((principal) -> ServerResponse.ok().bodyValue(principal.getName())));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableWebFluxSecurity
	static class Reactive {

		@Bean
		SecurityWebFilterChain security(ServerHttpSecurity http, X509PrincipalExtractor identity) {
			return http.x509((x509) -> x509.principalExtractor(identity))
				.authorizeExchange((requests) -> requests.pathMatchers(HttpMethod.GET)
					.hasAnyRole("WRITER", "READER")
					.anyExchange()
					.hasRole("WRITER"))
				.csrf(ServerHttpSecurity.CsrfSpec::disable)
				.build();
		}

		@Bean
		ReactiveUserDetailsService callers() {
			return (identity) -> Mono
				.justOrEmpty(identity.equals(SHOP) ? "WRITER" : identity.equals(REPORTS) ? "READER" : null)
				.map((role) -> User.withUsername(identity).password("").roles(role).build());
		}

	}

}
