package io.kubelet.cert.replicas;

import java.io.IOException;
import java.nio.file.Files;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.testsupport.MutualTls;
import io.kubelet.cert.testsupport.ShopFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the authorities that an issuer returns, in a Secret that others edit: whom
 * replicas with {@code ssl.trust: issuer} accept in a handshake.
 */
@ExtendWith(OutputCaptureExtension.class)
class SharedAuthoritiesTests extends ShopFixture {

	private final TestAuthority foreign = new TestAuthority("foreign");

	private final CertificatePair foreignClient = this.foreign.pair("client");

	@BeforeEach
	void install() {
		this.plane.certManager().clusterIssuer("internal");
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void foreignAuthorityIsNotTrustedByReplicasThatStart(boolean withSignerCaFile, CapturedOutput output)
			throws IOException {
		stop(startWithIssuer());
		addForeignAuthority();
		for (int i = 1; i <= 2; i++) {
			ConfigurableApplicationContext replica = startWithIssuer(signerCaFile(withSignerCaFile));
			assertThat(accepts(replica, this.foreignClient)).isFalse();
			assertThat(accepts(replica, pair(replica))).isTrue();
			assertThat(output.toString().split("CN=foreign", -1)).as("one WARN per replica").hasSize(i + 1);
		}
		assertThat(output).contains("WARN",
				"[shop] Authorities in ca.crt of Secret shop/shop-tls are not trusted: 'CN=foreign'. ");
		settle();
		assertThat(secret().get("ca.crt")).as("what others have added").isEqualTo(withForeign());
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void foreignAuthorityIsNotTrustedByReplicasThatRun(boolean withSignerCaFile) throws IOException {
		ConfigurableApplicationContext replica = startWithIssuer(signerCaFile(withSignerCaFile));
		CertificatePair before = settle();
		// So that the pair is another one
		this.plane.secrets()
			.put("shop", "shop-tls",
					Map.of("tls.crt", Pem.write(List.of(before.leaf(), authority())), "ca.crt", withForeign()));
		rotatePending(replica);
		await().until(this::isPending);
		assertThat(secret().get("ca.crt")).as("what the replica has read").isEqualTo(withForeign());
		assertThat(accepts(replica, this.foreignClient)).isFalse();
		assertThat(accepts(replica, before)).isTrue();
		assertThat(status(replica).rotations().count()).isOne();
	}

	private void addForeignAuthority() {
		this.plane.secrets().put("shop", "shop-tls", Map.of("ca.crt", withForeign()));
	}

	private String withForeign() {
		return Pem.write(List.of(authority(), this.foreign.certificate()));
	}

	private String[] signerCaFile(boolean isSet) throws IOException {
		return isSet ? new String[] { "signer-ca-file="
				+ Files.writeString(this.directory.resolve("ca.pem"), this.plane.certManager().caPem("internal")) }
				: new String[0];
	}

	private X509Certificate authority() {
		return Pem.readCertificates(this.plane.certManager().caPem("internal")).get(0);
	}

	private boolean accepts(ConfigurableApplicationContext replica, CertificatePair client) throws IOException {
		return MutualTls.accepts(replica.getBean(SslBundles.class).getBundle("shop"), authority(), client);
	}

	private ConfigurableApplicationContext startWithIssuer(String... properties) {
		return start(Stream
			.concat(Stream.of("signer-name=", "issuer.name=internal", "issuer.kind=ClusterIssuer", "ssl.trust=issuer",
					"ssl.trust-overlap=0s", "usages=digital signature,server auth,client auth"), Stream.of(properties))
			.toArray(String[]::new));
	}

}
