package io.kubelet.cert.actuate;

import java.time.Duration;

import io.kubelet.cert.actuate.CertificatesEndpoint.CertificateDescriptor;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the endpoint says of a certificate.
 */
class CertificateDescriptorTests {

	@Test
	void certificateWhoseNamesCannotBeReadIsDescribedWithoutThem() {
		ManagerFixture fixture = new ManagerFixture();
		fixture.store.pair = fixture.authority.pairWithMalformedNames(ManagerFixture.TEMPLATE, ManagerFixture.START,
				ManagerFixture.START.plus(Duration.ofHours(1)));
		var status = fixture.start(fixture.withoutSigner()).status();
		assertThat(CertificateDescriptor.of(status).current()).isNotNull().satisfies((current) -> {
			assertThat(current.subject()).contains("CN=system:node:n1");
			assertThat(current.ipAddresses()).isEmpty();
		});
	}

}
