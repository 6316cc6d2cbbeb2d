package io.kubelet.cert.autoconfigure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of all certificates, the first one first.
 *
 * @param certificates the settings
 */
record CertificateSettingsList(List<CertificateSettings> certificates) {

	static CertificateSettingsList of(CertificateProperties first, Map<String, CertificateProperties> additional) {
		CertificateSettings firstSettings = CertificateSettings.first(first);
		List<CertificateSettings> certificates = new ArrayList<>();
		certificates.add(firstSettings);
		additional.forEach((name, properties) -> certificates.add(firstSettings.additional(name, properties)));
		requireDistinctNames(certificates);
		requireProfiles(certificates);
		return new CertificateSettingsList(List.copyOf(certificates));
	}

	private static void requireDistinctNames(List<CertificateSettings> certificates) {
		Map<String, CertificateSettings> seen = new HashMap<>();
		for (CertificateSettings certificate : certificates) {
			CertificateSettings other = seen.putIfAbsent(certificate.name(), certificate);
			if (other != null) {
				throw certificate.invalid("pair-name", certificate.name(),
						"The certificate at '%s' has this name already: each needs a name of its own"
							.formatted(other.prefix()));
			}
		}
	}

	/** A kubelet's configuration file says nothing about other certificates. */
	private static void requireProfiles(List<CertificateSettings> certificates) {
		boolean isFirst = true;
		for (CertificateSettings certificate : certificates) {
			boolean used = certificate.properties().profile() != null
					|| (isFirst && certificates.stream().anyMatch((other) -> other.properties().profile() != null));
			if (certificate.properties().configFile() != null && !used) {
				throw certificate.invalid("config-file", certificate.properties().configFile(),
						"It is about the certificates of a kubelet only: set '%s' as well"
							.formatted(certificate.property("profile")));
			}
			isFirst = false;
		}
	}

	/** The settings of a certificate; the application may have some of its own. */
	Optional<CertificateSettings> find(String name) {
		return this.certificates.stream().filter((certificate) -> certificate.name().equals(name)).findFirst();
	}

}
