package io.kubelet.cert.autoconfigure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.CertificateProperties.AddressSourceKind;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;
import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Finds the {@link CertificateTemplateSupplier} bean of each certificate: the one whose
 * qualifier or bean name is the certificate's name. The only supplier that is nobody
 * else's, and has no qualifier, is the first certificate's. One that has no bean, and
 * addresses that are not fixed, gets a supplier that follows them.
 */
final class TemplateSuppliers {

	private final Map<String, CertificateTemplateSupplier> suppliers = new HashMap<>();

	/**
	 * Find them.
	 * @throws AmbiguousTemplateException if there is a supplier that is no certificate's,
	 * or a certificate with two
	 */
	TemplateSuppliers(ListableBeanFactory beanFactory, List<CertificateSettings> certificates,
			AddressSources addresses) {
		List<String> names = certificates.stream().map(CertificateSettings::name).toList();
		List<String> unclaimed = Stream
			.of(BeanFactoryUtils.beanNamesForTypeIncludingAncestors(beanFactory, CertificateTemplateSupplier.class))
			.filter((bean) -> !ScopedProxyUtils.isScopedTarget(bean))
			.collect(Collectors.toCollection(ArrayList::new));
		Map<String, String> beans = new HashMap<>();
		for (String name : names) {
			List<String> claimed = unclaimed.stream()
				.filter((bean) -> BeanFactoryAnnotationUtils.isQualifierMatch(name::equals, bean, beanFactory))
				.toList();
			if (claimed.size() > 1) {
				throw new AmbiguousTemplateException(
						"Certificate '%s' has more than one CertificateTemplateSupplier bean: %s".formatted(name,
								claimed),
						names);
			}
			claimed.forEach((bean) -> beans.put(name, bean));
			unclaimed.removeAll(claimed);
		}
		if (unclaimed.size() == 1 && beanFactory.findAnnotationOnBean(unclaimed.get(0), Qualifier.class) == null
				&& beans.putIfAbsent(names.get(0), unclaimed.get(0)) == null) {
			unclaimed.clear();
		}
		if (!unclaimed.isEmpty()) {
			throw new AmbiguousTemplateException(
					"These CertificateTemplateSupplier beans are for no certificate: " + unclaimed, names);
		}
		beans.forEach(
				(name, bean) -> this.suppliers.put(name, beanFactory.getBean(bean, CertificateTemplateSupplier.class)));
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
