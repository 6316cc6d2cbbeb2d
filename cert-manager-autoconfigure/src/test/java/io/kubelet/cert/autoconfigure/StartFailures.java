package io.kubelet.cert.autoconfigure;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.core.env.Environment;
import org.springframework.core.io.support.SpringFactoriesLoader.ArgumentResolver;
import org.springframework.core.io.support.SpringFactoriesLoader.FailureHandler;
import org.springframework.core.io.support.SpringFactoriesLoader;
import org.springframework.mock.env.MockEnvironment;

/**
 * What an application reports that does not start.
 */
public final class StartFailures {

	private StartFailures() {
	}

	/**
	 * Returns the report of the failure analyzer that is responsible.
	 * @param properties the properties of the application, as far as they matter
	 */
	public static FailureAnalysis report(@Nullable Throwable failure, String... properties) {
		MockEnvironment environment = new MockEnvironment();
		TestPropertyValues.of(properties).applyTo(environment);
		Throwable thrown = Objects.requireNonNull(failure, "The start must fail");
		return SpringFactoriesLoader.forDefaultResourceLocation()
			.load(FailureAnalyzer.class,
					ArgumentResolver.of(Environment.class, environment)
						.and(BeanFactory.class, new DefaultListableBeanFactory()),
					// Some need a library
					FailureHandler.handleMessage((message, missing) -> {
					}))
			.stream()
			.map((analyzer) -> analyzer.analyze(thrown))
			.filter(Objects::nonNull)
			.findFirst()
			.orElseThrow(() -> new AssertionError("No analyzer reports it", thrown));
	}

	/**
	 * Returns the failure that names a property.
	 */
	public static InvalidConfigurationPropertyValueException property(@Nullable Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof InvalidConfigurationPropertyValueException mistake) {
				return mistake;
			}
		}
		throw new AssertionError("No property is reported", failure);
	}

}
