package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate is valid from its start, minus the accepted clock skew, to its end.
 */
@ExtendWith(OutputCaptureExtension.class)
class ValidityTests {

	private static final Duration LOOK = Duration.ofMinutes(1);

	private final ManagerFixture fixture = new ManagerFixture();

	private final List<String> reported = new ArrayList<>();

	@Test
	void storedPairThatIsNotYetValidIsReportedAndReplaced(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofDays(-2), Duration.ofDays(40));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		CertificateManager manager = start(this.fixture.builder());
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		assertThat(this.fixture.credentials).containsExactly((CertificatePair) null);
		assertThat(this.reported).containsExactly("not yet valid " + stored.serialNumber());
		assertThat(output.getOut().lines().filter((line) -> line.contains("is not valid before"))).singleElement()
			.asString()
			.contains("WARN", stored.notBefore().toString(), "Check the clock");
		assertThat(output).doesNotContain("Using the stored certificate");
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(this.reported).hasSize(2).endsWith("unavailable");
	}

	@Test
	void pairThatBeginsWithinTheClockSkewIsValid() {
		CertificatePair stored = this.fixture.pair(Duration.ofMinutes(-5), Duration.ofDays(40));
		this.fixture.store.pair = stored;
		CertificateManager manager = start(this.fixture.builder());
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).hasToString("VALID");
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void pairOfAnotherProgramThatIsNotYetValidIsReported(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(-2), Duration.ofDays(40));
		this.fixture.store.pair = stored;
		CertificateManager manager = start(this.fixture.withoutSigner());
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		assertThat(this.reported).containsExactly("not yet valid " + stored.serialNumber());
		assertThat(output).contains("Rotation is off: replace the stored pair");
		assertThat(output.getOut().lines().filter((line) -> line.contains("is not valid before"))).singleElement()
			.asString()
			.contains("ERROR");
		this.fixture.time.pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).hasToString("STATIC");
	}

	@Test
	void clockSetTwoDaysBackMakesACertificateInvalid() {
		this.fixture.signer.lifetime = Duration.ofDays(40);
		CertificateManager manager = start(this.fixture.builder());
		CertificatePair first = manager.current().orElseThrow();
		this.fixture.time.setClock(Duration.ofDays(-2));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		this.fixture.time.pass(LOOK);
		assertThat(this.reported).containsExactly("not yet valid " + first.serialNumber());
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().rotations().history().get(0).trigger()).hasToString("NOT_YET_VALID");
	}

	/** The signer's clock is right, so that its certificates are refused meanwhile. */
	@Test
	void clockSetAnHourBackAndRightAgainKeepsTheCertificate() {
		CertificatePair first = this.fixture.pair(Duration.ofMinutes(5), Duration.ofDays(1));
		this.fixture.store.pair = first;
		CertificateManager manager = start(this.fixture.builder());
		this.fixture.time.setClock(Duration.ofHours(-1));
		this.fixture.signer.issues((request) -> List.of(this.fixture.authority.issue(request.publicKey(),
				request.template(), this.fixture.time.instant().plus(Duration.ofMinutes(55)),
				this.fixture.time.instant().plus(Duration.ofDays(1)))));
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(manager.current()).isEmpty();
		assertThat(this.fixture.failures).isNotEmpty();
		this.fixture.time.setClock(Duration.ofHours(1));
		int requests = this.fixture.signer.requests.size();
		this.fixture.time.pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(first);
		assertThat(manager.status().state()).hasToString("VALID");
		assertThat(this.fixture.signer.requests).hasSize(requests);
	}

	@Test
	void pairOfAnotherProgramIsOverdueOnceTheLatestDeadlineHasPassed(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ZERO, Duration.ofHours(10));
		this.fixture.store.pair = stored;
		CertificateManager manager = start(this.fixture.withoutSigner());
		assertThat(manager.status().schedule().overdueAt())
			.isEqualTo(this.fixture.time.instant().plus(Duration.ofHours(9)));
		this.fixture.time.pass(Duration.ofHours(9));
		assertThat(manager.status().state()).hasToString("STATIC");
		this.fixture.time.pass(Duration.ofSeconds(1));
		assertThat(manager.status().state()).hasToString("OVERDUE");
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(this.reported).containsExactly("overdue " + stored.serialNumber());
		assertThat(output.getOut().lines().filter((line) -> line.contains("overdue"))).singleElement()
			.asString()
			.contains("WARN", "Rotation is off: replace the stored pair");
	}

	@Test
	void storedPairThatHasExpiredIsOneLine(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(10), Duration.ofHours(-1));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		start(this.fixture.builder());
		assertThat(output.getOut().lines().filter((line) -> line.contains("ertificate"))).singleElement()
			.asString()
			.contains("WARN",
					"The stored certificate expired at " + stored.notAfter() + ": a new one is being requested");
		assertThat(this.reported).containsExactly("expired " + stored.serialNumber());
	}

	private CertificateManager start(CertificateManagerBuilder builder) {
		return this.fixture.start(builder.template(ManagerFixture.TEMPLATE).listener(new RotationListener() {

			@Override
			public void overdue(String name, CertificatePair current) {
				ValidityTests.this.reported.add("overdue " + current.serialNumber());
			}

			@Override
			public void expired(String name, CertificatePair expired) {
				ValidityTests.this.reported.add("expired " + expired.serialNumber());
			}

			@Override
			public void notYetValid(String name, CertificatePair pair) {
				ValidityTests.this.reported.add("not yet valid " + pair.serialNumber());
			}

			@Override
			public void unavailable(String name) {
				ValidityTests.this.reported.add("unavailable");
			}

		}));
	}

}
