package io.kubelet.cert.autoconfigure;

import java.util.List;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettingsList;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.ssl.TlsRole;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * Requires that the certificate of a server is one of a server.
 *
 * @param settings the settings of all certificates
 */
public record ServerCertificates(CertificateSettingsList settings) {

	private static final Logger logger = LoggerFactory.getLogger(ServerCertificates.class);

	private static final String NOT_FOR_SERVERS = "The certificate '%s' of this SSL bundle is not one of a server: %s, so clients would refuse it. ";

	private static final String REQUEST_ANOTHER = "Set '%s' to the names by which clients call the server, '%s', if set, to usages that contain 'server auth', "
			+ "and '%s' to a signer that issues them, or name the bundle of another certificate";

	private static final String STORE_ANOTHER = "Have the program that writes its files store one of a server, or name the bundle of another certificate";

	/**
	 * Requires that what is configured suits the server that waits for it, before it is
	 * requested.
	 */
	void requireRequested(CertificateSettings certificate) {
		List<Usage> usages = usages(certificate, certificate.request().template());
		String objection = TlsRole.SERVER.objection(certificate.request().template(), usages);
		if (objection == null || !certificate.startup().waits()) {
			return;
		}
		this.settings.serverOf(certificate).ifPresent((property) -> {
			List<Usage> configured = certificate.request().requested().usages();
			certificate.properties()
				.require(!Usage.SERVER_AUTH.isExcludedBy(configured), "usages", configured,
						"Clients would refuse the server that uses this certificate ('%s'): add 'server auth', or name the bundle of another certificate there",
						property);
			throw notOfServer(certificate, property, objection, false);
		});
	}

	/** Returns the configured usages, or what a certificate with the template is for. */
	static List<Usage> usages(CertificateSettings certificate, CertificateTemplate template) {
		List<Usage> configured = certificate.request().requested().usages();
		return !configured.isEmpty() ? configured
				: Usage.purposes(certificate.request().requested().signer(), template);
	}

	/**
	 * Requests a new certificate if the stored one is not one of a server, and what is
	 * configured now is. A certificate is not compared with the configured usages
	 * otherwise, since signers may add some.
	 * @param certificate the settings of the certificate
	 * @param manager the manager of the certificate
	 */
	public void replaceStored(CertificateSettings certificate, CertificateManager manager) {
		CertificateStatus status = manager.status();
		if (manager.current().isPresent() && isReplaceable(certificate, status)) {
			logger.warn("[{}] The stored certificate is not one of a server: {}. A new one is requested",
					manager.name(), objection(status));
			manager.rotate();
		}
	}

	/**
	 * Returns whether a rotation replaces the certificate of a client by one of a server.
	 * @param certificate the settings of the certificate
	 * @param status its status
	 * @return whether it does
	 */
	public boolean isReplaceable(CertificateSettings certificate, CertificateStatus status) {
		CertificateTemplate template = status.requested().template();
		return objection(status) != null && !isOfAnother(status) && template != null
				&& TlsRole.SERVER.objection(template, usages(certificate, template)) == null
				&& this.settings.serverOf(certificate).isPresent();
	}

	/**
	 * Requires that the certificate of a server is one of a server, unless it will be
	 * replaced at once because it does not contain the configured names.
	 * @param certificate the settings of the certificate
	 * @param status its status
	 * @throws InvalidConfigurationPropertyValueException if not
	 */
	public void require(CertificateSettings certificate, CertificateStatus status) {
		CertificatePair pair = status.pair();
		String objection = objection(status);
		CertificateTemplate template = status.requested().template();
		if (pair != null && objection != null
				&& (isOfAnother(status) || (template != null && template.isSatisfiedBy(pair.leaf())))) {
			this.settings.serverOf(certificate).ifPresent((property) -> {
				throw notOfServer(certificate, property, objection, isOfAnother(status));
			});
		}
	}

	/**
	 * Another program may have its certificate without names on purpose, for clients that
	 * accept the common name.
	 */
	private static @Nullable String objection(CertificateStatus status) {
		CertificatePair pair = status.pair();
		return (pair == null) ? null
				: isOfAnother(status) ? TlsRole.SERVER.exclusion(pair.leaf()) : TlsRole.SERVER.objection(pair.leaf());
	}

	private static boolean isOfAnother(CertificateStatus status) {
		return status.schedule().deadline() == null;
	}

	private static InvalidConfigurationPropertyValueException notOfServer(CertificateSettings certificate,
			String property, String objection, boolean another) {
		PropertyNames properties = certificate.properties();
		return new InvalidConfigurationPropertyValueException(property, certificate.ssl().bundle(),
				NOT_FOR_SERVERS.formatted(certificate.name(), objection)
						+ (another ? STORE_ANOTHER : REQUEST_ANOTHER.formatted(properties.of("template.dns-names"),
								properties.of("usages"), properties.of("signer-name"))));
	}

}
