package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.ssl.BundleSocketFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * A hint for a native image: libraries load the socket factory by its name. Spring Boot
 * itself adds those of the endpoint. The models of the Kubernetes client are not used.
 */
final class CertificateRuntimeHints implements RuntimeHintsRegistrar {

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		hints.reflection()
			.registerType(BundleSocketFactory.class, MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS,
					MemberCategory.INVOKE_PUBLIC_METHODS);
	}

}
