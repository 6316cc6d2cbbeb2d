package io.kubelet.cert.rotation.engine;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * When a rotation is due: the window, and what makes a certificate due at once.
 */
class RotationDeadlineTests extends ManagerFixture {

	@ParameterizedTest(name = "{0}")
	@MethodSource("ages")
	void deadlineIsAtSeventyPercentOfTheLifetimeAtTheEarliest(String name, Duration since, Duration until,
			boolean due) {
		CertificatePair pair = pair(since, until);
		Instant earliest = pair.notBefore().plus(since.plus(until).multipliedBy(7).dividedBy(10));
		assertThat(RotationWindow.KUBELET.deadline(pair, 0)).isEqualTo(earliest);
		this.store.pair = pair;
		start();
		assertThat(this.signer.requests).hasSize(due ? 1 : 0);
	}

	static Stream<Arguments> ages() {
		return Stream.of(arguments("just issued", Duration.ofHours(1), Duration.ofHours(99), false),
				arguments("half way expired", Duration.ofHours(24), Duration.ofHours(24), false),
				arguments("mostly expired", Duration.ofHours(69), Duration.ofHours(31), false),
				arguments("just about expired", Duration.ofHours(91), Duration.ofHours(9), true),
				arguments("nearly expired", Duration.ofHours(99), Duration.ofHours(1), true),
				arguments("already expired", Duration.ofHours(10), Duration.ofHours(-1), true),
				arguments("long duration", Duration.ofDays(180), Duration.ofDays(180), false),
				arguments("short duration", Duration.ofSeconds(30), Duration.ofSeconds(30), false));
	}

	@ParameterizedTest
	@ValueSource(doubles = { 0, 0.25, 0.5, 0.999_999 })
	void deadlineIsInTheWindow(double random) {
		CertificatePair pair = pair(Duration.ZERO, Duration.ofHours(100));
		assertThat(Duration.between(pair.notBefore(), RotationWindow.KUBELET.deadline(pair, random)))
			.isGreaterThanOrEqualTo(Duration.ofHours(70))
			.isLessThan(Duration.ofHours(90));
	}

	@Test
	void rotatesAtTheDeadlineAndNotBefore() {
		CertificatePair first = pair(Duration.ZERO, Duration.ofHours(10));
		this.store.pair = first;
		CertificateManager manager = start();
		assertThat(manager.status().schedule().deadline()).isEqualTo(first.notBefore().plus(Duration.ofHours(7)));
		pass(Duration.ofHours(7).minusSeconds(1));
		assertThat(this.signer.requests).isEmpty();
		pass(Duration.ofSeconds(1));
		assertThat(this.signer.requests).hasSize(1);
		assertThat(manager.current()).isPresent().get().isNotEqualTo(first);
	}

	@Test
	void forcedRotationHappensOnce() {
		CertificatePair first = storePair();
		CertificateManager manager = start();
		var rotated = rotate(manager);
		assertThat(rotated).isCompletedWithValueMatching((pair) -> !pair.equals(first));
		pass(Duration.ofMinutes(10));
		assertThat(this.signer.requests).hasSize(1);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("templates")
	void rotationIsDueAtOnceUnlessTheTemplateIsSatisfied(String name, @Nullable CertificateTemplate certificate,
			@Nullable CertificateTemplate template, boolean satisfied) {
		if (certificate != null) {
			this.store.pair = this.authority.pair(certificate, START, START.plus(Duration.ofHours(10)));
		}
		CertificateManager manager = start(builder().template(() -> Optional.ofNullable(template)));
		pass(Duration.ofMinutes(1));
		assertThat(this.signer.requests).hasSize((satisfied || template == null) ? 0 : 1);
		if (satisfied) {
			assertThat(manager.status().schedule().deadline()).isEqualTo(START.plus(Duration.ofHours(7)));
		}
		else if (template == null) {
			assertThat(manager.status().schedule().deadline()).isEqualTo(START);
			assertThat(manager.status().state()).isEqualTo(CertificateStatus.State.WAITING);
		}
	}

	static Stream<Arguments> templates() {
		String cn = "system:node:fake";
		return Stream.of(arguments("no certificate and no template", null, null, false),
				arguments("no certificate", null, subject(cn), false),
				arguments("no template", subject(cn), null, true),
				arguments("common name differs", subject(cn + "-2"), subject(cn), false),
				arguments("organizations are missing", subject(cn, "a"), subject(cn, "a", "b"), false),
				arguments("extra organizations", subject(cn, "a", "b"), subject(cn, "a"), true),
				arguments("DNS names are missing", names(List.of("foo.example.com")),
						names(List.of("foo.example.com", "bar.example.com")), false),
				arguments("extra DNS names", names(List.of("foo.example.com", "bar.example.com")),
						names(List.of("foo.example.com")), true),
				arguments("IP addresses are missing", names(List.of(), "192.168.1.1"),
						names(List.of(), "192.168.1.1", "192.168.1.2"), false),
				arguments("extra IP addresses", names(List.of(), "192.168.1.1", "192.168.1.2"),
						names(List.of(), "192.168.1.1"), true),
				arguments("everything matches", names(List.of("foo.example.com"), "192.168.1.1"),
						names(List.of("foo.example.com"), "192.168.1.1"), true));
	}

	private static CertificateTemplate subject(String commonName, String... organizations) {
		return CertificateTemplate.ofSubject(commonName, organizations);
	}

	private static CertificateTemplate names(List<String> dnsNames, String... addresses) {
		List<InetAddress> ipAddresses = Stream.of(addresses).map(CertificateNames::parseIpAddress).toList();
		return subject("system:node:fake", "system:nodes").withDnsNames(dnsNames).withIpAddresses(ipAddresses);
	}

}
