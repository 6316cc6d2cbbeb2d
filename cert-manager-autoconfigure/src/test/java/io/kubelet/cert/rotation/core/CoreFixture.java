package io.kubelet.cert.rotation.core;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.core.Policy.Asked;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;

/**
 * Pairs, requests and states for tests of the core. Nothing here has a clock.
 */
abstract class CoreFixture {

	static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("shop");

	static final CertificateTemplate OTHER = CertificateTemplate.ofSubject("other");

	static final Duration WAIT = Duration.ofMinutes(15);

	private static final String SIGNER = "example.com/shop";

	private static final TestAuthority authority = TestAuthority.unsigned("authority");

	/** Keys and signatures would take most of the time of these tests. */
	private static final List<KeyPair> keys = new ArrayList<>();

	private static final Map<List<Object>, CertificateRequest> requests = new HashMap<>();

	private int nextKey;

	static Policy policy(boolean shared, boolean off) {
		return new Policy(off, false, shared, "Secret shop/shop-tls",
				new Asked(Signer.of(SIGNER), List.of(), null, KeySpecification.EC_P256), RotationWindow.KUBELET, off,
				WAIT, RetrySchedule.KUBELET);
	}

	KeyPair key() {
		if (this.nextKey == keys.size()) {
			keys.add(KeyPairSource.jdk().generate(KeySpecification.EC_P256));
		}
		return keys.get(this.nextKey++);
	}

	/** A new request. */
	PendingRequest request(CertificateTemplate template, @Nullable CertificatePair replaced) {
		KeyPair key = key();
		CertificateRequest request = requests.computeIfAbsent(List.of(this.nextKey, template),
				(made) -> CertificateRequests.create("shop-" + this.nextKey, template, Signer.of(SIGNER),
						Usage.defaults(Signer.of(SIGNER), template, key.getPublic()), null, key));
		return new PendingRequest(request, key.getPrivate(), KeySpecification.EC_P256,
				(replaced != null) ? replaced.serialNumber() : null);
	}

	/** A pair that lives for so many hours from a time on. */
	CertificatePair pair(CertificateTemplate template, Instant from, int hours) {
		return answer(new PendingRequest(request(template, null).request(), keys.get(this.nextKey - 1).getPrivate(),
				null, null), from, hours);
	}

	static CertificatePair answer(PendingRequest request, Instant from, int hours) {
		X509Certificate leaf = authority.issue(request.request().publicKey(), request.request().template(), from,
				from.plus(Duration.ofHours(hours)));
		return CertificatePair.of(List.of(leaf), request.keys());
	}

	static Reading reading(@Nullable CertificatePair pair, @Nullable PendingRequest pending,
			@Nullable Instant deadline) {
		return reading(new Stored(pair, pending, deadline, null), "");
	}

	static Reading reading(Stored stored, String otherWriter) {
		return new Reading(new Stored(stored.pair(), stored.pending(), stored.deadline(), stored.repairs(),
				stored.version(), new Findings(otherWriter, null, false)), null, null);
	}

	static SubmittedRequest object(PendingRequest request, Instant now) {
		return new SubmittedRequest(String.valueOf(request.request().name()), "uid-of-" + request.request().name(), now,
				List.of());
	}

}
