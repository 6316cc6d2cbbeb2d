package io.kubelet.cert.rotation;

import java.time.Duration;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Which windows are valid.
 */
class RotationWindowTests {

	@ParameterizedTest
	@CsvSource({ "0, 0.9", "-0.1, 0.9", "0.91, 0.9", "0.7, 1", "0.7, 1.1", "NaN, 0.9", "0.7, NaN" })
	void windowThatIsNotWithinTheLifetimeIsRefused(double earliest, double latest) {
		assertThatIllegalArgumentException().isThrownBy(() -> new RotationWindow(earliest, latest))
			.withMessage("A rotation window goes from above 0 to below 1, but is [%s, %s)", earliest, latest);
	}

	@Test
	void windowMayBeOneInstant() {
		CertificatePair pair = new ManagerFixture().pair(Duration.ZERO, Duration.ofHours(10));
		RotationWindow window = new RotationWindow(0.5, 0.5);
		assertThat(window.deadline(pair, 0.9)).isEqualTo(ManagerFixture.START.plus(Duration.ofHours(5)))
			.isEqualTo(window.end(pair));
	}

}
