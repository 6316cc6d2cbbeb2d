package io.kubelet.cert.test.spring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;

/**
 * Replaces what an application is configured with for its real cluster: the directory of
 * each certificate always, and where they are set, files with authorities by the file
 * with those of the control plane, the directories of exports by one for each, and the
 * names of credentials and of pairs that are to be rotated by none.
 */
final class ControlPlaneProperties extends PropertySource<Path> {

	private static final String NAME = "embeddedControlPlaneProperties";

	private static final String CERT_DIR = "kubelet.cert.cert-dir";

	private static final Pattern FURTHER_CERT_DIR = Pattern.compile("kubelet\\.cert\\.additional[.\\[].+\\.cert-dir");

	private static final Pattern EXPORTS = Pattern
		.compile("kubelet\\.cert(\\.additional[.\\[].+)?\\.export\\.directory");

	private static final Pattern AUTHORITIES = Pattern
		.compile("kubelet\\.cert(\\.additional[.\\[].+)?\\.(ssl\\.trust-file|signer-ca-file)");

	private static final Pattern CREDENTIALS = Pattern
		.compile("kubelet\\.cert\\.kubernetes\\.(context|bootstrap-kubeconfig)");

	private static final Pattern PAIR = Pattern
		.compile("(kubelet\\.cert(\\.additional[.\\[].+)?)\\.tls-(cert|private-key)-file");

	private final ConfigurableEnvironment environment;

	private final Path authority;

	ControlPlaneProperties(ConfigurableEnvironment environment, Path certDir, Path authority) {
		super(NAME, certDir);
		this.environment = environment;
		this.authority = authority;
	}

	/** An issuer has an authority of its own. */
	static void addAuthority(ConfigurableEnvironment environment, String pem) {
		if (environment.getPropertySources().get(NAME) instanceof ControlPlaneProperties properties) {
			try {
				Files.writeString(properties.authority, pem, StandardOpenOption.APPEND);
			}
			catch (IOException ex) {
				throw new UncheckedIOException("Cannot add an authority to " + properties.authority, ex);
			}
		}
	}

	@Override
	public @Nullable Object getProperty(String name) {
		if (name.equals(CERT_DIR)) {
			return getSource().toString();
		}
		if (FURTHER_CERT_DIR.matcher(name).matches()) {
			// Where a test sets the directory, it means that of all certificates
			return this.environment.getProperty(CERT_DIR);
		}
		String replacement = replacement(name);
		return (replacement != null && isConfigured(name)) ? replacement : null;
	}

	private @Nullable String replacement(String name) {
		if (AUTHORITIES.matcher(name).matches()) {
			return this.authority.toString();
		}
		if (EXPORTS.matcher(name).matches()) {
			return getSource().resolveSibling(name.replaceAll("[^\\w.-]", "_")).toString();
		}
		return (CREDENTIALS.matcher(name).matches() || isRotatedPair(name)) ? "" : null;
	}

	/**
	 * One that is not rotated is the pair of another program, which the test provides.
	 */
	private boolean isRotatedPair(String name) {
		Matcher pair = PAIR.matcher(name);
		return pair.matches()
				&& this.environment.getProperty(pair.group(1) + ".rotate-certificates", Boolean.class, true);
	}

	/** Whether any of the property sources after this one has the property. */
	private boolean isConfigured(String name) {
		return this.environment.getPropertySources()
			.stream()
			.dropWhile((source) -> source != this)
			.skip(1)
			.anyMatch((source) -> source.containsProperty(name)
					|| (source instanceof EnumerablePropertySource<?> properties
							&& Stream.of(properties.getPropertyNames())
								.anyMatch((candidate) -> uniform(candidate).equals(uniform(name)))));
	}

	/** Returns one form for all in which Spring Boot accepts a name. */
	private static String uniform(String name) {
		return name.replaceAll("[-_.]", "").toLowerCase(Locale.ROOT);
	}

}
