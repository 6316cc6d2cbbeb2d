package io.kubelet.cert.sample;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.event.CertificateRotatedEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Says in the log that a certificate has changed. An application that keeps something
 * made from a certificate would make it anew here.
 */
@Component
class AfterRotation {

	private static final Logger logger = LoggerFactory.getLogger(AfterRotation.class);

	@EventListener
	void rotated(CertificateRotatedEvent event) {
		logger.info("Certificate '{}' now has serial number {}", event.getName(),
				CertificateNames.serialNumber(event.getCertificate()));
	}

}
