package io.kubelet.cert.autoconfigure.settings;

import java.lang.reflect.Parameter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.boot.convert.DurationUnit;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CertificateProperties}: what is declared at a property.
 *
 * @see CertificateProperties
 */
class CertificatePropertiesTests {

	/**
	 * Without a rule, a negative duration would be used; without a unit, 60 would be 60
	 * milliseconds.
	 */
	@Test
	void everyDurationHasARuleAndIsInSecondsByDefault() {
		assertThat(parameters(CertificateProperties.class))
			.filteredOn((parameter) -> parameter.getType() == Duration.class)
			.isNotEmpty()
			.allSatisfy((parameter) -> {
				assertThat(parameter.isAnnotationPresent(Valid.class)).as("%s", parameter).isTrue();
				assertThat(parameter.getAnnotation(DurationUnit.class).value()).isEqualTo(ChronoUnit.SECONDS);
			});
	}

	@Test
	void whatReplacesAnInheritedValueIsAProperty() {
		Set<String> properties = Metadata.properties().keySet();
		assertThat(parameters(CertificateProperties.class)).map((parameter) -> parameter.getAnnotation(Inherited.class))
			.filteredOn(Objects::nonNull)
			.flatMap((inherited) -> List.of(inherited.unless().split(",")))
			.filteredOn((name) -> !name.isEmpty())
			.isNotEmpty()
			.allSatisfy((name) -> assertThat(properties).contains(name));
	}

	private static Stream<Parameter> parameters(Class<?> type) {
		return Stream.of(type.getDeclaredConstructors()[0].getParameters())
			.flatMap((parameter) -> Stream.concat(Stream.of(parameter),
					parameter.getType().isRecord() ? parameters(parameter.getType()) : Stream.empty()));
	}

}
