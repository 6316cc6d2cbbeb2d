package io.kubelet.cert.store;

import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.io.TempDir;

/**
 * A directory with pairs, and what is stored in it.
 */
abstract class StoreFixture {

	final SimulatedTime time = new SimulatedTime(ManagerFixture.START);

	final TestAuthority authority = new TestAuthority("authority");

	@TempDir
	Path directory;

	CertificatePair pair() {
		return this.authority.pair(ManagerFixture.TEMPLATE, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(1)));
	}

	static PendingRequest request() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new PendingRequest(CertificateRequests.create("csr", ManagerFixture.TEMPLATE, "example.com/signer",
				List.of(Usage.CLIENT_AUTH), null, keys), keys.getPrivate(), null, null);
	}

	TestStore store() {
		return TestStore.files(this.directory, "kubelet-client", null, 5, this.time);
	}

}
