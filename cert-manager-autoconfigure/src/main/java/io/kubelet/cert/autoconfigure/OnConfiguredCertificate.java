package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.autoconfigure.settings.SettingsConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.boot.autoconfigure.condition.SpringBootCondition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.context.annotation.ConfigurationCondition;
import org.springframework.core.type.AnnotatedTypeMetadata;

/**
 * Matches unless the starter is disabled, if there is a property under
 * {@code kubelet.cert}, a template supplier bean or a bean with managers. Otherwise the
 * starter logs one line and backs off, because applications that share their dependencies
 * may not all use certificates. An application that uses an SSL bundle of the starter
 * still fails to start, with a report of the missing bundle.
 */
final class OnConfiguredCertificate extends SpringBootCondition implements ConfigurationCondition {

	private static final Logger logger = LoggerFactory.getLogger(OnConfiguredCertificate.class);

	private static final String PREFIX = PropertyNames.PREFIX;

	private static final String ENABLED = PREFIX + ".enabled";

	@Override
	public ConfigurationPhase getConfigurationPhase() {
		return ConfigurationPhase.REGISTER_BEAN;
	}

	@Override
	public ConditionOutcome getMatchOutcome(ConditionContext context, AnnotatedTypeMetadata metadata) {
		ConditionMessage.Builder message = ConditionMessage.forCondition("Configured certificate");
		// A blank text, as from a variable without a value, is converted to none
		if (!context.getEnvironment().getProperty(ENABLED, Boolean.class, true)) {
			return ConditionOutcome.noMatch(message.because("'" + ENABLED + "' is false"));
		}
		if (SettingsConfiguration.isAnyPropertySet(context.getEnvironment())) {
			return ConditionOutcome.match(message.because("a property under '" + PREFIX + "' is set"));
		}
		if (hasBean(context, CertificateTemplateSupplier.class) || hasBean(context, CertificateManagers.class)) {
			return ConditionOutcome.match(message.because("the application defines a template or managers"));
		}
		logger.info(
				"No property under '{}' is set, so no certificate is requested. To obtain one, set '{}.issuer.name' or "
						+ "'{}.signer-name' and the names in '{}.template', or '{}.profile' for those of a kubelet",
				PREFIX, PREFIX, PREFIX, PREFIX, PREFIX);
		return ConditionOutcome.noMatch(message.because("no property under '" + PREFIX + "' is set"));
	}

	private static boolean hasBean(ConditionContext context, Class<?> type) {
		return context.getBeanFactory() != null
				&& context.getBeanFactory().getBeanNamesForType(type, true, false).length > 0;
	}

}
