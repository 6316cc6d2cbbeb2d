package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Tests for {@link RotationSettings}.
 */
class RotationSettingsTests extends ManagerFixture {

	@Test
	void fixedUsagesAndTheLifetimeAreRequested() {
		List<Usage> usages = List.of(Usage.CLIENT_AUTH, Usage.SERVER_AUTH);
		CertificateManager manager = start(minimal().usages(usages).requestedLifetime(Duration.ofDays(1)));
		assertThat(this.signer.requests).singleElement().satisfies((request) -> {
			assertThat(request.usages()).isEqualTo(usages);
			assertThat(request.requestedLifetime()).hasDays(1);
		});
		assertThat(manager.status().requested().usages()).isEqualTo(usages);
		assertThat(manager.status().requested().lifetime()).hasDays(1);
	}

	@Test
	void usagesAreReportedAsSoonAsTheyAreKnown() {
		assertThat(minimal().usages(List.of(Usage.CLIENT_AUTH)).build().status().requested().usages())
			.containsExactly(Usage.CLIENT_AUTH);
		CertificateManager manager = minimal().build();
		assertThat(manager.status().requested().usages()).isEmpty();
		manager.start();
		this.time.settle();
		assertThat(manager.status().pendingRequest()).isNull();
		assertThat(manager.status().requested().usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
	}

	@Test
	void deadlinesAreSpreadOverTheWindow() {
		CertificatePair pair = storePair();
		assertThat(
				IntStream.range(0, 50).mapToObj((index) -> minimal().build().status().schedule().deadline()).distinct())
			.hasSizeGreaterThan(1)
			.allSatisfy((deadline) -> assertThat(deadline).isBetween(RotationWindow.KUBELET.deadline(pair, 0),
					RotationWindow.KUBELET.end(pair)));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("idleChecks")
	void storedPairIsLookedAtAsOftenAsItMayChange(String name, UnaryOperator<CertificateManagerBuilder> settings,
			Duration idleCheck) {
		storePair();
		CertificateManager manager = start(settings.apply(withoutSigner()));
		CertificatePair next = storePair();
		pass(idleCheck.minusMillis(1));
		assertThat(manager.current()).isPresent().get().isNotEqualTo(next);
		pass(Duration.ofMillis(1));
		assertThat(manager.current()).contains(next);
	}

	static Stream<Arguments> idleChecks() {
		ManagerFixture other = new ManagerFixture();
		return Stream.of(arguments("rotation is off", settings((builder) -> builder), Duration.ofSeconds(10)),
				arguments("template is fixed",
						settings((builder) -> builder.template(TEMPLATE).signers((current) -> other.signer)),
						Duration.ofMinutes(1)),
				arguments("template can change",
						settings((builder) -> builder.template(() -> Optional.of(TEMPLATE))
							.signers((current) -> other.signer)),
						Duration.ofMinutes(1)),
				arguments("as configured", settings((builder) -> builder.idleCheck(Duration.ofSeconds(3))),
						Duration.ofSeconds(3)));
	}

	private static UnaryOperator<CertificateManagerBuilder> settings(
			UnaryOperator<CertificateManagerBuilder> settings) {
		return settings;
	}

	/** No more than must be set, on simulated time. */
	private CertificateManagerBuilder minimal() {
		return new CertificateManagerBuilder("minimal").store(this.store)
			.scheduler(this.time)
			.clock(this.time)
			.signerName("example.com/signer")
			.template(TEMPLATE)
			.signers((current) -> this.signer);
	}

}
