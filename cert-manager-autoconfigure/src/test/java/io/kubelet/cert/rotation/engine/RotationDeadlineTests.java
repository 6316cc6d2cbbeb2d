package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * When a rotation is due: the window, and what makes a certificate due at once.
 *
 * @see RotationWindow
 * @see io.kubelet.cert.rotation.core.Current
 */
class RotationDeadlineTests extends ManagerFixture {

	@ParameterizedTest(name = "{0}")
	@MethodSource("ages")
	void deadlineIsAtSeventyPercentOfTheLifetimeAtTheEarliest(String name, Duration since, Duration until,
			boolean due) {
		CertificatePair pair = storePair(since, until);
		assertThat(RotationWindow.KUBELET.deadline(pair, 0))
			.isEqualTo(pair.notBefore().plus(since.plus(until).multipliedBy(7).dividedBy(10)));
		start();
		assertThat(this.signer.requests).hasSize(due ? 1 : 0);
	}

	static Stream<Arguments> ages() {
		return Stream.of(arguments("just issued", ofHours(1), ofHours(99), false),
				arguments("half way expired", ofHours(24), ofHours(24), false),
				arguments("mostly expired", ofHours(69), ofHours(31), false),
				arguments("just about expired", ofHours(91), ofHours(9), true),
				arguments("nearly expired", ofHours(99), ofHours(1), true),
				arguments("already expired", ofHours(10), ofHours(-1), true),
				arguments("long duration", ofDays(180), ofDays(180), false),
				arguments("short duration", ofSeconds(30), ofSeconds(30), false));
	}

	@ParameterizedTest
	@ValueSource(doubles = { 0, 0.25, 0.5, 0.999_999 })
	void deadlineIsInTheWindow(double random) {
		CertificatePair pair = pair(ofHours(0), ofHours(100));
		assertThat(RotationWindow.KUBELET.deadline(pair, random)).isBetween(pair.notBefore().plus(ofHours(70)),
				pair.notBefore().plus(ofHours(90).minusMillis(1)));
		assertThat(new RotationWindow(0.5, 0.5).deadline(pair, random)).isEqualTo(pair.notBefore().plus(ofHours(50)));
	}

	@Test
	void rotatesAtTheDeadlineAndNotBefore() {
		CertificatePair first = storePair(ofHours(0), ofHours(10));
		CertificateManager manager = start();
		assertThat(manager.status().schedule().deadline()).isEqualTo(START.plus(ofHours(7)));
		pass(ofHours(7).minusSeconds(1));
		assertThat(this.signer.requests).isEmpty();
		pass(ofSeconds(1));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(first);
	}

	@Test
	void withoutTemplateNothingIsRequestedAndAStoredCertificateIsAsItShouldBe() {
		this.template = null;
		assertThat(start(dynamic()).status()).returns(State.WAITING, CertificateStatus::state)
			.satisfies((status) -> assertThat(status.schedule().deadline()).isEqualTo(START));
		storePair(ofHours(0), ofHours(10));
		assertThat(start(dynamic()).status()).returns(State.VALID, CertificateStatus::state)
			.satisfies((status) -> assertThat(status.schedule().deadline()).isEqualTo(START.plus(ofHours(7))));
		pass(ofMinutes(1));
		assertThat(this.signer.requests).isEmpty();
	}

}
