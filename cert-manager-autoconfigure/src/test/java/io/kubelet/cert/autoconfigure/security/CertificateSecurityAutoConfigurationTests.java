package io.kubelet.cert.autoconfigure.security;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.security.web.authentication.preauth.x509.SubjectX500PrincipalExtractor;
import org.springframework.security.web.authentication.preauth.x509.X509PrincipalExtractor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Who is the principal of a certificate.
 *
 * @see CertificateSecurityAutoConfiguration
 * @see PeerPrincipalExtractor
 */
class CertificateSecurityAutoConfigurationTests {

	private static final TestAuthority authority = new TestAuthority("clients");

	@TempDir
	Path directory;

	private ApplicationContextRunner runner;

	@BeforeEach
	void prepare() {
		this.runner = CertificateContexts.runner(this.directory, CertificateSecurityAutoConfiguration.class)
			.withPropertyValues("kubelet.cert.ssl.trust=system");
	}

	@Test
	void beanOfTheApplicationTakesPrecedence() {
		this.runner.withBean("mine", SubjectX500PrincipalExtractor.class)
			.run((context) -> assertThat(context).getBeanNames(X509PrincipalExtractor.class).containsExactly("mine"));
	}

	@Test
	void nothingIsThereWithoutSpringSecurityOrWithoutCertificates() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.security"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean("certificatePrincipalExtractor"));
		this.runner.withPropertyValues("kubelet.cert.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(X509PrincipalExtractor.class));
	}

	/** A server that accepts everyone may be that of the management. */
	@ParameterizedTest(name = "{0}: {2}")
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
							-                                                    | uri:https://a/ uri:https://b/ dns:a.svc CN=a | https://a/
							-                                                    | dns:*.svc dns:B.svc CN=a       | b.svc
							-                                                    | CN=a                           | a
							-                                                    | CN=urn:a                       | fingerprint
							-                                                    | dns:urn:a CN=a                 | a
							-                                                    | dns:*.svc                      | fingerprint
							-                                                    | dns:*.svc CN=*.svc             | fingerprint
							-                                                    | uri:spiffe://a/b uri:https://b/ CN=a | fingerprint
							-                                                    | CN=a,CN=b                      | fingerprint
							dns-names=a.svc                                      | uri:https://a/ dns:b.svc dns:a.svc CN=a | a.svc
							dns-names=a.svc                                      | uri:https://a/                 | fingerprint
							common-names=urn:a                                   | CN=urn:a                       | urn:a
							dns-names=a.svc;additional.b.ssl.accepted-clients.uris=https://a/ | uri:https://a/ dns:b.svc | https://a/
					dns-names=a.svc;additional.b.ssl.accepted-clients.uris=https://a/ | uri:https://a/ dns:a.svc | fingerprint
							""")
	void principalIsTheAcceptedNameOrTheFirst(@Nullable String accepted, String names, String principal) {
		CertificatePair pair = pair(names);
		this.runner.withPropertyValues((accepted == null) ? new String[0] : ("kubelet.cert.ssl.accepted-clients."
				+ accepted)
			.replace(";additional",
					"\nkubelet.cert.additional.b.template.common-name=b\nkubelet.cert.additional.b.signer-name=example.com/client\nkubelet.cert.additional")
			.split("\n"))
			.run((context) -> assertThat(context.getBean(X509PrincipalExtractor.class).extractPrincipal(pair.leaf()))
				.isEqualTo(principal.equals("fingerprint") ? CertificateNames.fingerprint(pair.leaf()) : principal));
	}

	/** Nothing says to which server it was presented, and which name was checked. */
	@Test
	void principalIsOnlyTheNameThatEveryServerAcceptsTheClientBy() {
		AcceptedPeers admin = new AcceptedPeers.Named(List.of(), Set.of(), Set.of("admin"));
		AcceptedPeers metrics = new AcceptedPeers.Named(List.of(), Set.of("metrics.svc"), Set.of());
		for (List<AcceptedPeers> clients : List.of(List.of(admin, metrics), List.of(metrics, admin),
				List.of(admin, AcceptedPeers.everyone()))) {
			PeerPrincipalExtractor extractor = new PeerPrincipalExtractor(clients);
			CertificatePair both = pair("dns:metrics.svc CN=admin");
			assertThat(extractor.extractPrincipal(both.leaf())).isEqualTo(CertificateNames.fingerprint(both.leaf()));
			assertThat(extractor.extractPrincipal(pair("CN=admin").leaf())).isEqualTo("admin");
			assertThat(extractor.extractPrincipal(pair("dns:metrics.svc").leaf())).isEqualTo("metrics.svc");
		}
	}

	/** As one of gRPC, or of the management, which has a certificate of its own. */
	@Test
	void serverThatAsksForNoCertificateDoesNotCount() {
		CertificatePair pair = pair("dns:a.svc dns:b.svc");
		ApplicationContextRunner two = this.runner.withPropertyValues("kubelet.cert.template.dns-names=app",
				"spring.grpc.server.ssl.bundle=kubelet-client", "kubelet.cert.additional.b.template.common-name=b",
				"kubelet.cert.additional.b.signer-name=example.com/client",
				"kubelet.cert.additional.b.ssl.accepted-clients.dns-names=b.svc");
		two.run((context) -> assertThat(context.getBean(X509PrincipalExtractor.class).extractPrincipal(pair.leaf()))
			.isEqualTo("b.svc"));
		two.withPropertyValues("spring.grpc.server.ssl.client-auth=optional")
			.run((context) -> assertThat(context.getBean(X509PrincipalExtractor.class).extractPrincipal(pair.leaf()))
				.isEqualTo(CertificateNames.fingerprint(pair.leaf())));
	}

	@Test
	void nameThatCannotBeLoggedIsNoPrincipal() {
		CertificatePair pair = pair("CN=a\nb");
		assertThat(new PeerPrincipalExtractor(List.of(AcceptedPeers.everyone())).extractPrincipal(pair.leaf()))
			.isEqualTo(CertificateNames.fingerprint(pair.leaf()));
	}

	private static CertificatePair pair(String names) {
		X500Name subject = new X500Name("");
		List<GeneralName> alternative = new ArrayList<>();
		for (String name : names.split(" ")) {
			String value = name.substring(name.indexOf(':') + 1);
			if (name.startsWith("CN=")) {
				subject = new X500Name(name);
			}
			else {
				alternative.add(new GeneralName(
						name.startsWith("uri:") ? GeneralName.uniformResourceIdentifier : GeneralName.dNSName, value));
			}
		}
		return authority.pair(subject, alternative, false, KeyUsage.digitalSignature);
	}

}
