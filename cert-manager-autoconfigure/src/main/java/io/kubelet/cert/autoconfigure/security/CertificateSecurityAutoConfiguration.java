package io.kubelet.cert.autoconfigure.security;

import java.util.List;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.ClientAuthentication;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.rotation.CertificateManagers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.security.web.authentication.preauth.x509.X509PrincipalExtractor;

/**
 * Auto-configuration of the principal that Spring Security uses for a client with a
 * certificate, if the application passes it to {@code x509(...)}.
 */
@AutoConfiguration(after = CertificateManagerAutoConfiguration.class)
@ConditionalOnClass(X509PrincipalExtractor.class)
@ConditionalOnBean(CertificateManagers.class)
public final class CertificateSecurityAutoConfiguration {

	/** Nobody presents a certificate to a server that asks for none. */
	@Bean
	@ConditionalOnMissingBean
	X509PrincipalExtractor certificatePrincipalExtractor(ObjectProvider<CertificateSettingsList> settings,
			Environment environment) {
		List<AcceptedPeers> clients = settings.stream()
			.flatMap((all) -> all.certificates()
				.stream()
				.filter((certificate) -> certificate.ssl().peers().clients().isRestricted()
						|| all.serversOf(certificate)
							.stream()
							.anyMatch((server) -> ClientAuthentication.isAsked(server, environment))))
			.map((certificate) -> certificate.ssl().peers().clients())
			.toList();
		return new PeerPrincipalExtractor(clients.isEmpty() ? List.of(AcceptedPeers.everyone()) : clients);
	}

}
