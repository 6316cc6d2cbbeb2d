package io.kubelet.cert.autoconfigure;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.autoconfigure.CertificateProperties.AddressSourceKind;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;

/**
 * Finds the {@link CertificateTemplateSupplier} bean of each certificate: the one whose
 * qualifier or bean name is the certificate's name. The only supplier that is nobody
 * else's is the first certificate's. One that has no bean, and addresses that are not
 * fixed, gets a supplier that follows them.
 */
final class TemplateSuppliers {

	private final Map<String, CertificateTemplateSupplier> suppliers = new HashMap<>();

	TemplateSuppliers(BeanFactory beanFactory, List<CertificateSettings> certificates, AddressSources addresses) {
		for (CertificateSettings certificate : certificates) {
			try {
				this.suppliers.put(certificate.name(), BeanFactoryAnnotationUtils.qualifiedBeanOfType(beanFactory,
						CertificateTemplateSupplier.class, certificate.name()));
			}
			catch (NoSuchBeanDefinitionException ex) {
				// It has a template from its properties
			}
		}
		List<CertificateTemplateSupplier> unclaimed = beanFactory.getBeanProvider(CertificateTemplateSupplier.class)
			.stream()
			.filter((supplier) -> !this.suppliers.containsValue(supplier))
			.toList();
		if (unclaimed.size() == 1) {
			this.suppliers.putIfAbsent(certificates.get(0).name(), unclaimed.get(0));
		}
		for (CertificateSettings certificate : certificates) {
			if (certificate.rotates() && certificate.addressSource() != AddressSourceKind.FIXED) {
				this.suppliers.computeIfAbsent(certificate.name(),
						(name) -> addresses.templates(certificate, certificate.certificateTemplate()));
			}
		}
	}

	@Nullable CertificateTemplateSupplier find(String certificate) {
		return this.suppliers.get(certificate);
	}

}
