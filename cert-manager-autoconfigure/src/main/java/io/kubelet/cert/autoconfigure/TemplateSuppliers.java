package io.kubelet.cert.autoconfigure;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;

/**
 * Finds the {@link CertificateTemplateSupplier} bean of each certificate: the one whose
 * qualifier or bean name is the certificate's name. The only supplier that is nobody
 * else's is the first certificate's.
 */
final class TemplateSuppliers {

	private final Map<String, CertificateTemplateSupplier> suppliers = new HashMap<>();

	TemplateSuppliers(BeanFactory beanFactory, List<CertificateSettings> certificates) {
		for (CertificateSettings certificate : certificates) {
			try {
				this.suppliers.put(certificate.name(), BeanFactoryAnnotationUtils.qualifiedBeanOfType(beanFactory,
						CertificateTemplateSupplier.class, certificate.name()));
			}
			catch (NoSuchBeanDefinitionException ex) {
				// It has a static template
			}
		}
		List<CertificateTemplateSupplier> unclaimed = beanFactory.getBeanProvider(CertificateTemplateSupplier.class)
			.stream()
			.filter((supplier) -> !this.suppliers.containsValue(supplier))
			.toList();
		if (unclaimed.size() == 1) {
			this.suppliers.putIfAbsent(certificates.get(0).name(), unclaimed.get(0));
		}
	}

	@Nullable CertificateTemplateSupplier find(String certificate) {
		return this.suppliers.get(certificate);
	}

}
