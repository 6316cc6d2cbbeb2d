package io.kubelet.cert.autoconfigure;

import java.util.List;

import io.kubelet.cert.ssl.BundleSocketFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * Hints for a native image: the models of the Kubernetes client that requests and watches
 * use, which are read and written by reflection, and the socket factory, which libraries
 * load by its name. Spring Boot itself adds those of the properties and of the endpoint.
 */
final class CertificateRuntimeHints implements RuntimeHintsRegistrar {

	private static final String MODELS = "io.kubernetes.client.openapi.models.V1";

	private static final List<String> USED = List.of("CertificateSigningRequest", "CertificateSigningRequestCondition",
			"CertificateSigningRequestList", "CertificateSigningRequestSpec", "CertificateSigningRequestStatus",
			"ListMeta", "ObjectMeta", "OwnerReference", "Status", "StatusCause", "StatusDetails");

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		for (String model : USED) {
			hints.reflection()
				.registerTypeIfPresent(classLoader, MODELS + model, MemberCategory.ACCESS_DECLARED_FIELDS,
						MemberCategory.INVOKE_DECLARED_CONSTRUCTORS);
		}
		hints.reflection()
			.registerType(BundleSocketFactory.class, MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS,
					MemberCategory.INVOKE_PUBLIC_METHODS);
	}

}
