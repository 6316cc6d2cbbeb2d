package io.kubelet.cert.autoconfigure;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;

import io.kubelet.cert.autoconfigure.addresses.AddressSourceKind;
import io.kubelet.cert.autoconfigure.kubelet.Profile;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.InvalidSettingsException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.annotation.BeanFactoryAnnotationUtils;
import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Finds the {@link CertificateTemplateSupplier} bean of each certificate: the one whose
 * qualifier or bean name is the certificate's name. A supplier without a qualifier is for
 * the first certificate. A certificate without such a bean whose addresses are not fixed
 * gets a supplier of templates with them. Such a bean replaces the addresses that a
 * serving certificate of a kubelet has by default, but no others.
 */
final class TemplateSuppliers {

	private final Map<String, CertificateTemplateSupplier> suppliers = new HashMap<>();

	private final BiFunction<CertificateSettings, Iterable<CertificateManager>, CertificateTemplateSupplier> addresses;

	/**
	 * Finds the suppliers.
	 * @param addresses supplies the templates of certificates whose addresses are not
	 * fixed
	 * @throws InvalidSettingsException if a supplier is for no certificate, or a
	 * certificate has more than one
	 */
	TemplateSuppliers(ListableBeanFactory beanFactory, List<CertificateSettings> certificates,
			BiFunction<CertificateSettings, Iterable<CertificateManager>, CertificateTemplateSupplier> addresses) {
		this.addresses = addresses;
		List<String> names = certificates.stream().map(CertificateSettings::name).toList();
		Map<String, String> beans = new LinkedHashMap<>();
		for (String bean : beanFactory.getBeanNamesForType(CertificateTemplateSupplier.class)) {
			if (!ScopedProxyUtils.isScopedTarget(bean)) {
				String name = certificate(bean, names, beanFactory);
				String other = beans.put(name, bean);
				if (other != null) {
					throw new InvalidSettingsException(
							"Certificate '%s' has more than one CertificateTemplateSupplier bean: '%s' and '%s'"
								.formatted(name, other, bean),
							qualify(names) + " Without it, a supplier is for the first one. Or remove one of them.");
				}
			}
		}
		beans.forEach(
				(name, bean) -> this.suppliers.put(name, beanFactory.getBean(bean, CertificateTemplateSupplier.class)));
	}

	private static String certificate(String bean, List<String> names, ListableBeanFactory beanFactory) {
		return names.stream()
			.filter((name) -> BeanFactoryAnnotationUtils.isQualifierMatch(name::equals, bean, beanFactory))
			.findFirst()
			.orElseGet(() -> {
				if (beanFactory.findAnnotationOnBean(bean, Qualifier.class) != null) {
					throw new InvalidSettingsException(
							"CertificateTemplateSupplier bean '%s' belongs to no certificate: its qualifier is not the name of a certificate"
								.formatted(bean),
							qualify(names));
				}
				return names.get(0);
			});
	}

	private static String qualify(List<String> names) {
		return "Add @Qualifier(\"<certificate name>\") to each supplier. The certificates are " + names + ".";
	}

	/**
	 * Returns the supplier of a certificate, {@code null} if its template is static.
	 * @param managers the managers, beginning with that of the first certificate
	 */
	@Nullable CertificateTemplateSupplier find(CertificateSettings certificate, Iterable<CertificateManager> managers) {
		CertificateTemplateSupplier own = this.suppliers.get(certificate.name());
		boolean fixed = certificate.request().addresses().source() == AddressSourceKind.FIXED;
		certificate.properties()
			.require(own == null || fixed || certificate.profile() == Profile.KUBELET_SERVING, "addresses.source",
					certificate.request().addresses().source().name().toLowerCase(Locale.ROOT),
					"The CertificateTemplateSupplier bean of certificate '%s' supplies all of its names, and would replace these addresses: remove this property, or the bean",
					certificate.name());
		return (own != null || fixed || !certificate.rotation().enabled()) ? own
				: this.addresses.apply(certificate, managers);
	}

}
