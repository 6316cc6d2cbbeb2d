package io.kubelet.cert.request;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.testsupport.TestKeys;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The usages that are requested by default.
 *
 * @see Usage
 */
class DefaultUsagesTests {

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("app");

	private static final Map<String, CertificateTemplate> TEMPLATES = Map.of("subject", SUBJECT, "DNS name",
			SUBJECT.withDnsNames(List.of("app.example.com")), "IP address",
			SUBJECT.withIpAddresses(List.of(CertificateNames.parseIpAddress("10.0.0.1"))), "URI",
			SUBJECT.withUris(List.of("spiffe://example.com/app")), "workload",
			CertificateTemplate.ofSubject(null).withUris(List.of("spiffe://example.com/app")));

	@ParameterizedTest
	@CsvSource({ "kubernetes.io/kube-apiserver-client-kubelet, subject, EC, CLIENT_AUTH",
			"kubernetes.io/kube-apiserver-client-kubelet, subject, RSA, CLIENT_AUTH",
			"kubernetes.io/kube-apiserver-client-kubelet, subject, ED25519, CLIENT_AUTH",
			"kubernetes.io/kube-apiserver-client, DNS name, EC, CLIENT_AUTH",
			"kubernetes.io/kubelet-serving, subject, EC, SERVER_AUTH",
			"kubernetes.io/kubelet-serving, IP address, RSA, SERVER_AUTH", "example.com/any, subject, EC, CLIENT_AUTH",
			"example.com/any, URI, EC, CLIENT_AUTH", "example.com/any, DNS name, EC, SERVER_AUTH",
			"example.com/any, IP address, EC, SERVER_AUTH" })
	void usagesFollowTheSignerTheTemplateAndTheKey(String signerName, String template,
			KeySpecification.Algorithm algorithm, Usage purpose) {
		boolean rsa = algorithm == KeySpecification.Algorithm.RSA;
		KeySpecification key = new KeySpecification(algorithm, rsa ? 2048 : 256);
		assertThat(Usage.defaults(Signer.of(signerName), Objects.requireNonNull(TEMPLATES.get(template)),
				TestKeys.generate(key).getPublic()))
			.isEqualTo(rsa ? List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, purpose)
					: List.of(Usage.DIGITAL_SIGNATURE, purpose));
	}

	/** It calls others, and is called by others. */
	@ParameterizedTest
	@CsvSource({ "example.com/any, workload, 'DIGITAL_SIGNATURE,SERVER_AUTH,CLIENT_AUTH'",
			"kubernetes.io/kube-apiserver-client, workload, 'DIGITAL_SIGNATURE,CLIENT_AUTH'",
			"example.com/any, URI, 'DIGITAL_SIGNATURE,CLIENT_AUTH'" })
	void certificateWithUrisAloneIsForServersAndClients(String signerName, String template, String usages) {
		assertThat(Usage.defaults(Signer.of(signerName), Objects.requireNonNull(TEMPLATES.get(template)),
				KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic()))
			.isEqualTo(Stream.of(usages.split(",")).map(Usage::valueOf).toList());
	}

}
