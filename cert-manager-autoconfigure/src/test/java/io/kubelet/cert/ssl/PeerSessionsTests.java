package io.kubelet.cert.ssl;

import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PeerSessions}.
 *
 * @see PeerSessions
 */
class PeerSessionsTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final TestAuthority authority = new TestAuthority("one");

	private final AtomicInteger invalidations = new AtomicInteger();

	private final PeerSessions sessions = new PeerSessions(this.time, this.time, this.invalidations::incrementAndGet);

	private final Supplier<SSLContext> contexts = this.sessions.contexts(() -> "identity", (identity) -> context());

	private final SSLContext before = this.contexts.get();

	@Test
	void sessionsEndWithTheFirstCertificateThatEnds() {
		this.sessions.begin(leafFor(Duration.ofHours(2)));
		this.sessions.begin(leafFor(Duration.ofHours(1)));
		this.time.pass(Duration.ofHours(1));
		assertThat(this.contexts.get()).isSameAs(this.before);
		this.time.pass(Duration.ofMillis(1));
		assertThat(this.contexts.get()).isNotSameAs(this.before);
		assertThat(this.invalidations).hasValue(1);
	}

	/** As of a machine that has slept: its timers have stood still. */
	@Test
	void sessionsEndAlsoIfTheClockIsSetBeyondTheEnd() {
		this.sessions.begin(leafFor(Duration.ofHours(1)));
		this.time.setClock(Duration.ofMinutes(59));
		assertThat(this.contexts.get()).isSameAs(this.before);
		this.time.setClock(Duration.ofHours(9));
		assertThat(this.contexts.get()).isNotSameAs(this.before);
		this.time.settle();
		assertThat(this.invalidations).hasValue(1);
	}

	/** Libraries with contexts of their own call nobody when a session is resumed. */
	@Test
	void nextHandshakeNoticesThatTheClockIsBeyondTheEnd() {
		this.sessions.begin(leafFor(Duration.ofHours(1)));
		this.time.setClock(Duration.ofHours(10));
		this.sessions.begin(leafFor(Duration.ofHours(11)));
		this.time.settle();
		assertThat(this.invalidations).hasValue(1);
		this.time.pass(Duration.ofHours(2));
		assertThat(this.invalidations).as("of the other certificate").hasValue(2);
		assertThat(this.time.scheduled()).isZero();
	}

	private X509Certificate leafFor(Duration validity) {
		Instant begin = Instant.parse("2026-01-01T00:00:00Z");
		return this.authority.pair(CertificateTemplate.ofSubject("peer"), begin, begin.plus(validity)).leaf();
	}

	private static SSLContext context() {
		try {
			return SSLContext.getInstance("TLS");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
