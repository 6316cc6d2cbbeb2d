package io.kubelet.cert.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CertificatesEndpoint}.
 *
 * @see CertificatesEndpoint
 * @see Outcome
 */
class CertificatesEndpointTests {

	/** A replica may store the pair before this process has sent anything. */
	@ParameterizedTest
	@CsvSource({ "PT0.1S, PT0.1S, ROTATED", "PT0S, , ROTATED", ", , ADOPTED" })
	void rotationWithoutARequestOfThisProcessHasNoDuration(Duration since, String duration, Outcome.Result result) {
		assertThat(Outcome
			.of(new CertificateStatus.Outcome(Instant.EPOCH, Trigger.RESUMED, "1f", "shop-1", since, List.of(), null)))
			.returns(result, Outcome::outcome)
			.returns(duration, Outcome::duration);
	}

}
