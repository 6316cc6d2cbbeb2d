package io.kubelet.cert.autoconfigure.security;

import java.security.KeyPair;
import java.util.List;
import java.util.Set;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.FuzzedCertificate;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a certificate whose principal is no name of its own, or cannot be passed on
 * in one line, as the value of a header.
 */
class PrincipalFuzz {

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final List<PeerPrincipalExtractor> EXTRACTORS = List.of(new PeerPrincipalExtractor(List.of()),
			new PeerPrincipalExtractor(List.of(AcceptedPeers.Everyone.INSTANCE)), new PeerPrincipalExtractor(
					List.of(new AcceptedPeers.Named(AcceptedPeers.Named.uris(List.of("spiffe://example.org/*")),
							Set.of("shop.svc"), Set.of("shop")))));

	@FuzzTest
	void principal(byte[] bytes) {
		String pem = FuzzedCertificate.pem(new FuzzedInput(bytes), KEYS.getPublic());
		FuzzedInput.requireCheap(() -> {
			try {
				extract(pem);
			}
			catch (MalformedPemException ex) {
				// It is no certificate
			}
		});
	}

	private static void extract(String pem) {
		var certificate = Pem.readCertificates(pem).get(0);
		for (PeerPrincipalExtractor extractor : EXTRACTORS) {
			String principal = (String) extractor.extractPrincipal(certificate);
			FuzzedInput.requireShowable(principal);
			// A URI may have any character
			assertThat(principal.isBlank() || (principal.contains("*") && !principal.contains(":")))
				.as("'%s' identifies nobody", principal)
				.isFalse();
		}
	}

}
