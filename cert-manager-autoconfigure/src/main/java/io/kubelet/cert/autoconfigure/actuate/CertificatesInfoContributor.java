package io.kubelet.cert.autoconfigure.actuate;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.boot.actuate.info.Info;
import org.springframework.boot.actuate.info.InfoContributor;

/**
 * Adds {@code certificates} to the application's information: which certificate is in use
 * and when it is rotated.
 */
@RegisterReflectionForBinding(CertificatesInfoContributor.CertificateInfo.class)
class CertificatesInfoContributor implements InfoContributor {

	private final CertificateManagers managers;

	CertificatesInfoContributor(CertificateManagers managers) {
		this.managers = managers;
	}

	@Override
	public void contribute(Info.Builder builder) {
		Map<String, CertificateInfo> certificates = new TreeMap<>();
		this.managers.forEach((manager) -> certificates.put(manager.name(), CertificateInfo.of(manager.status())));
		builder.withDetail("certificates", certificates);
	}

	/**
	 * The information about one certificate.
	 *
	 * @param state its state
	 * @param serialNumber its serial number in hexadecimal, {@code null} if there is no
	 * certificate yet
	 * @param notAfter the end of its validity
	 * @param nextRotationDeadline when the next rotation is due
	 */
	public record CertificateInfo(CertificateStatus.State state, @Nullable String serialNumber,
			@Nullable Instant notAfter, @Nullable Instant nextRotationDeadline) {

		static CertificateInfo of(CertificateStatus status) {
			CertificatePair pair = status.pair();
			return new CertificateInfo(status.state(), (pair != null) ? pair.serialNumber() : null,
					(pair != null) ? pair.notAfter() : null, status.schedule().deadline());
		}

	}

}
