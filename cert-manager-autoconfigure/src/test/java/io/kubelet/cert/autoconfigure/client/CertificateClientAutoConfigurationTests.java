package io.kubelet.cert.autoconfigure.client;

import java.nio.file.Path;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.CertificateContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
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
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.client.reactive.ClientHttpConnector;

import static org.assertj.core.api.Assertions.assertThat;

class CertificateClientAutoConfigurationTests {

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.runner(this.directory, CertificateClientAutoConfiguration.class,
				HttpClientAutoConfiguration.class, ImperativeHttpClientAutoConfiguration.class,
				ReactiveHttpClientAutoConfiguration.class);
	}

	static Stream<Arguments> builders() {
		return Stream
			.<Supplier<?>>of(ClientHttpRequestFactoryBuilder::jdk, ClientHttpRequestFactoryBuilder::httpComponents,
					ClientHttpRequestFactoryBuilder::jetty, ClientHttpRequestFactoryBuilder::reactor,
					ClientHttpRequestFactoryBuilder::simple, ClientHttpConnectorBuilder::jdk,
					ClientHttpConnectorBuilder::httpComponents, ClientHttpConnectorBuilder::jetty,
					ClientHttpConnectorBuilder::reactor)
			.map(Supplier::get)
			.map((builder) -> Arguments.argumentSet(builder.getClass().getSimpleName(), builder));
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
	void builderOfSpringBootIsFollowedToo() {
		runner().run((context) -> {
			assertThat(context.getBean(ClientHttpRequestFactoryBuilder.class).getClass().getPackageName())
				.startsWith("io.kubelet.cert.autoconfigure.client");
			assertThat(context.getBean(ClientHttpConnectorBuilder.class).getClass().getPackageName())
				.startsWith("io.kubelet.cert.autoconfigure.client");
		});
	}

	@Test
	void primaryBuilderOfSeveralIsFollowed() {
		runner().withBean("one", SimpleClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::simple)
			.withBean("two", JdkClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::jdk,
					(definition) -> definition.setPrimary(true))
			.run((context) -> assertThat(context.getBean(ClientHttpRequestFactoryBuilder.class).build())
				.isInstanceOf(JdkClientHttpRequestFactory.class));
	}

	@Test
	void severalBuildersWithoutAPrimaryOneAreLeftToTheApplication() {
		runner().withBean("one", SimpleClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::simple)
			.withBean("two", JdkClientHttpRequestFactoryBuilder.class, ClientHttpRequestFactoryBuilder::jdk)
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean("certificateRequestFactoryBuilder")
				.getBeans(ClientHttpRequestFactoryBuilder.class)
				.hasSize(2));
	}

	@Test
	void clientWithoutABundleOfACertificateIsBuiltAsUsual() {
		runner().run((context) -> {
			ClientHttpConnector connector = context.getBean(ClientHttpConnectorBuilder.class).build();
			assertThat(connector.getClass().getPackageName()).startsWith("org.springframework");
		});
	}

	/** What the clients of Spring Boot are made with. */
	record Holder(ClientHttpRequestFactoryBuilder<?> factories, ClientHttpConnectorBuilder<?> connectors) {

	}

}
