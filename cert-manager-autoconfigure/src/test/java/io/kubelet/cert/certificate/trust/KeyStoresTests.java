package io.kubelet.cert.certificate.trust;

import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class KeyStoresTests {

	@Test
	void pairIsUnderItsAlias() throws Exception {
		CertificatePair pair = new TestAuthority("authority").pair(CertificateTemplate.ofSubject("one"), Instant.EPOCH,
				Instant.EPOCH.plusSeconds(60));
		KeyStore store = KeyStores.holding(pair, "server", "changeit");
		assertThat(store.size()).isOne();
		assertThat(store.getKey("server", "changeit".toCharArray())).isEqualTo(pair.privateKey());
		assertThat(store.getCertificateChain("server")).containsExactlyElementsOf(pair.chain());
	}

	@Test
	void keyOfAServerWithoutACertificateCannotSign() throws Exception {
		KeyStore store = KeyStores.refusing("server", "changeit");
		PrivateKey key = (PrivateKey) store.getKey("server", "changeit".toCharArray());
		assertThat(store.getCertificate("server")).asString().contains("CN=server has no certificate yet");
		assertThatExceptionOfType(InvalidKeyException.class)
			.isThrownBy(() -> Signature.getInstance("SHA256withECDSA").initSign(key));
	}

}
