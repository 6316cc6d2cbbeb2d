package io.kubelet.cert.rotation.engine;

import java.util.List;
import java.util.stream.DoubleStream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RotationSettings}.
 *
 * @see RotationSettings
 */
class RotationSettingsTests extends ManagerFixture {

	@Test
	void fixedUsagesAndTheLifetimeAreRequested() {
		List<Usage> usages = List.of(Usage.CLIENT_AUTH, Usage.SERVER_AUTH);
		CertificateManager manager = builder().usages(usages).with((it) -> it.requestedLifetime = ofDays(1)).build();
		assertThat(manager.status().requested().usages()).isEqualTo(usages);
		manager.start();
		this.time.settle();
		assertThat(request(0).usages()).isEqualTo(usages);
		assertThat(request(0).requestedLifetime()).hasDays(1);
		assertThat(manager.status().requested().usages()).isEqualTo(usages);
		assertThat(manager.status().requested().lifetime()).hasDays(1);
	}

	@Test
	void usagesAreReportedAsSoonAsTheyAreKnown() {
		CertificateManager manager = builder().build();
		assertThat(manager.status().requested().usages()).isEmpty();
		manager.start();
		this.time.settle();
		assertThat(manager.status().pendingRequest()).isNull();
		assertThat(manager.status().requested().usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
	}

	@Test
	void deadlinesAreSpreadByDefault() {
		assertThat(DoubleStream.generate(SharedResources.of(this.time).random()).limit(50).distinct().boxed())
			.hasSizeGreaterThan(1)
			.allMatch((random) -> random >= 0 && random < 1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "rotation is off", "template is fixed", "template can change" })
	void storedPairIsLookedAtEachMinute(String settings) {
		storePair();
		CertificateManager manager = start(switch (settings) {
			case "rotation is off" -> withoutSigner();
			case "template is fixed" -> builder();
			default -> dynamic();
		});
		CertificatePair next = storePair();
		pass(ofSeconds(60).minusMillis(1));
		assertThat(manager.current()).isPresent().get().isNotEqualTo(next);
		pass(ofMillis(1));
		assertThat(manager.current()).contains(next);
	}

}
