package io.kubelet.cert.autoconfigure.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an application says at startup about the authorities that its bundles trust.
 */
@ExtendWith(OutputCaptureExtension.class)
class TrustReportTests {

	private static final String WARNING = "The certificate does not lead to an authority that the SSL bundle 'shop' "
			+ "trusts, so peers with certificates of the same signer ('CN=test') are refused";

	@TempDir
	Path directory;

	@Test
	void authorityAndItsPropertyAreLoggedOnce(CapturedOutput output) throws IOException {
		run("kubelet.cert.ssl.trust-file=" + file(CertificateContexts.authority));
		assertThat(output).containsOnlyOnce("[shop] The SSL bundle 'shop' trusts")
			.contains("trusts the certificate authority 'CN=test', from kubelet.cert.ssl.trust-file")
			.doesNotContain("does not lead to an authority");
	}

	@Test
	void certificateThatLeadsToNoneOfTheAuthoritiesCausesAWarning(CapturedOutput output) throws IOException {
		run("kubelet.cert.ssl.trust-file="
				+ file(Stream.of("a", "b", "c", "d").map(TestAuthority::new).toArray(TestAuthority[]::new)));
		assertThat(output)
			.contains(
					"trusts 4 certificate authorities ('CN=a', 'CN=b', 'CN=c', ...), from kubelet.cert.ssl.trust-file")
			.containsOnlyOnce(WARNING)
			.contains("set 'kubelet.cert.ssl.trust-file' to the authorities of the signer");
	}

	@Test
	void authoritiesOfTheJdkAreNotComparedWithTheCertificate(CapturedOutput output) {
		run("kubelet.cert.ssl.trust=system");
		assertThat(output).contains("certificate authorities (", ", from kubelet.cert.ssl.trust")
			.doesNotContain("does not lead to an authority");
	}

	private void run(String property) {
		runner(property).run((context) -> assertThat(context).hasNotFailed());
	}

	private ApplicationContextRunner runner(String property) {
		return CertificateContexts.runner(this.directory).withPropertyValues("kubelet.cert.pair-name=shop", property);
	}

	private Path file(TestAuthority... authorities) throws IOException {
		return Files.writeString(this.directory.resolve("ca.crt"),
				Pem.write(Stream.of(authorities).map(TestAuthority::certificate).toList()));
	}

}
