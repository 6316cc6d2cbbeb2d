package io.kubelet.cert.test.spring;

import java.nio.file.Path;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.core.env.PropertyResolver;
import org.springframework.core.env.PropertySource;

/**
 * Keeps the certificates of the embedded control plane out of the directories that the
 * application is configured with: a directory of the first certificate, and the same one
 * for each additional certificate.
 */
final class TemporaryCertDir extends PropertySource<Path> {

	private static final String FIRST = "kubelet.cert.cert-dir";

	private static final Pattern FURTHER = Pattern.compile("kubelet\\.cert\\.additional\\..+\\.cert-dir");

	private final PropertyResolver properties;

	TemporaryCertDir(PropertyResolver properties, Path directory) {
		super("embeddedControlPlaneCertDir", directory);
		this.properties = properties;
	}

	@Override
	public @Nullable Object getProperty(String name) {
		if (name.equals(FIRST)) {
			return getSource().toString();
		}
		// Where a test sets the directory, it means that of all certificates
		return FURTHER.matcher(name).matches() ? this.properties.getProperty(FIRST) : null;
	}

}
