package io.kubelet.cert.autoconfigure.client;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.CertificateContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.JdkClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.SimpleClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.autoconfigure.HttpClientAutoConfiguration;
import org.springframework.boot.http.client.autoconfigure.imperative.ImperativeHttpClientAutoConfiguration;
import org.springframework.boot.http.client.autoconfigure.reactive.ReactiveHttpClientAutoConfiguration;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CertificateClientAutoConfiguration}.
 *
 * @see CertificateClientAutoConfiguration
 * @see LiveBuilderRegistrar
 */
class CertificateClientAutoConfigurationTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.runner(this.directory, CertificateClientAutoConfiguration.class,
				HttpClientAutoConfiguration.class, ImperativeHttpClientAutoConfiguration.class,
				ReactiveHttpClientAutoConfiguration.class);
	}

	static Stream<Object> builders() {
		return Stream.of(ClientHttpRequestFactoryBuilder.jdk(), ClientHttpConnectorBuilder.reactor());
	}

	@ParameterizedTest
	@MethodSource("builders")
	<T> void builderOfTheApplicationCanBeInjectedByItsOwnTypeAndIsFollowedByItsInterface(T builder) {
		@SuppressWarnings("unchecked")
		Class<T> type = (Class<T>) builder.getClass();
		Class<?> contract = ClientHttpRequestFactoryBuilder.class.isInstance(builder)
				? ClientHttpRequestFactoryBuilder.class : ClientHttpConnectorBuilder.class;
		runner().withBean("mine", type, () -> builder).withBean(Holder.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(type)).isSameAs(builder);
			assertThat(context.getBean("mine")).isSameAs(builder);
			assertThat(context.getBean(contract)).isNotInstanceOf(type);
			HttpClientSettings settings = HttpClientSettings
				.ofSslBundle(context.getBean(SslBundles.class).getBundle("kubelet-client"));
			Object client = (context.getBean(contract) instanceof ClientHttpRequestFactoryBuilder<?> factories)
					? factories.build(settings) : context.getBean(ClientHttpConnectorBuilder.class).build(settings);
			assertThat(client.getClass().getPackageName()).startsWith("io.kubelet.cert.autoconfigure.client");
		});
	}

	@Test
	void builderOfSpringBootIsFollowedTooButAClientWithoutABundleIsAsUsual() {
		runner().run((context) -> {
			assertThat(List.of(context.getBean(ClientHttpRequestFactoryBuilder.class),
					context.getBean(ClientHttpConnectorBuilder.class)))
				.extracting((builder) -> builder.getClass().getPackageName())
				.containsOnly("io.kubelet.cert.autoconfigure.client");
			ClientHttpConnector connector = context.getBean(ClientHttpConnectorBuilder.class).build();
			assertThat(connector.getClass().getPackageName()).startsWith("org.springframework");
		});
	}

	@Test
	void builderThatIsRegisteredAsASingletonIsFollowedAndIsNoPrimaryOne() {
		for (boolean primary : List.of(false, true)) {
			runner()
				.withInitializer((context) -> context.getBeanFactory()
					.registerSingleton("mine", ClientHttpRequestFactoryBuilder.jdk()))
				.withInitializer((context) -> {
					if (primary) {
						((GenericApplicationContext) context).registerBean("other",
								SimpleClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::simple,
								(definition) -> definition.setPrimary(true));
					}
				})
				.run((context) -> {
					assertThat(context).hasNotFailed();
					assertThat(context.getBean(ClientHttpRequestFactoryBuilder.class))
						.isSameAs(context.getBean("certificateRequestFactoryBuilder"));
					assertThat(context.getBean(ClientHttpRequestFactoryBuilder.class).build()).isInstanceOf(
							primary ? SimpleClientHttpRequestFactory.class : JdkClientHttpRequestFactory.class);
				});
		}
	}

	@Test
	void primaryBuilderOfSeveralIsFollowedAndWithoutOneTheyAreLeftToTheApplication() {
		for (boolean primary : List.of(true, false)) {
			runner()
				.withBean("one", SimpleClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::simple)
				.withBean("two", JdkClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::jdk,
						(definition) -> definition.setPrimary(primary))
				.run((context) -> {
					assertThat(context).hasNotFailed();
					assertThat(context.containsBean("certificateRequestFactoryBuilder")).isEqualTo(primary);
					if (primary) {
						assertThat(context.getBean(ClientHttpRequestFactoryBuilder.class).build())
							.isInstanceOf(JdkClientHttpRequestFactory.class);
					}
				});
		}
	}

	/** What the clients of Spring Boot are made with. */
	record Holder(ClientHttpRequestFactoryBuilder<?> factories, ClientHttpConnectorBuilder<?> connectors) {

	}

}
