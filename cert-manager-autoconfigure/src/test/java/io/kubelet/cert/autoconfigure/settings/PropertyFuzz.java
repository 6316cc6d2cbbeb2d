package io.kubelet.cert.autoconfigure.settings;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.testsupport.FuzzedInput;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for values of properties that fail otherwise than with a report that names a
 * property, and whose secrets are in that report.
 */
class PropertyFuzz {

	/** They do not exist, but somebody may think so. */
	private static final Set<String> SECRET = Set.of("export.password", "kubernetes.token");

	private static final List<String> NAMES = Stream.concat(Metadata.properties().keySet().stream(), SECRET.stream())
		.sorted()
		.toList();

	private static final int MOST = 3;

	@FuzzTest
	void values(byte[] bytes) {
		FuzzedInput input = new FuzzedInput(bytes);
		String secret = FuzzedInput.secret(bytes);
		Map<String, Object> properties = new HashMap<>(
				Map.of("kubelet.cert.signer-name", "example.com/shop", "kubelet.cert.template.common-name", "shop"));
		for (int count = input.nextInt(MOST); count > 0; count--) {
			put(properties, input, secret, new String(input.some(), StandardCharsets.UTF_8));
		}
		put(properties, input, secret, input.text());
		FuzzedInput.requireCheap(() -> resolve(properties, FuzzedInput.piecesOf(secret)));
	}

	private static void put(Map<String, Object> properties, FuzzedInput input, String secret, String value) {
		String certificate = "kubelet.cert." + (input.nextBoolean() ? "" : "additional.other.");
		String name = input.one(NAMES);
		properties.put(certificate + name, (SECRET.contains(name) ? secret : "") + value);
	}

	private static void resolve(Map<String, Object> properties, Set<String> secrets) {
		StandardEnvironment environment = new StandardEnvironment() {

			@Override
			protected void customizePropertySources(MutablePropertySources sources) {
				sources.addFirst(new MapPropertySource("fuzzed", properties));
			}

		};
		ConfigurationPropertySources.attach(environment);
		try {
			assertThat(SettingsConfiguration.resolve(PropertiesBinder.bind(environment))).isNotEmpty();
		}
		catch (InvalidConfigurationPropertyValueException ex) {
			assertThat(ex.getName()).startsWith("kubelet.cert");
			assertThat(ex.getReason()).isNotBlank();
			FuzzedInput.requireNoSecret(String.valueOf(ex.getMessage()), secrets);
		}
		catch (BindException ex) {
			assertThat(ex.getName().toString()).startsWith("kubelet.cert");
			for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
				FuzzedInput.requireNoSecret(String.valueOf(cause.getMessage()), secrets);
			}
		}
		catch (InvalidSettingsException ex) {
			assertThat(ex.getMessage()).contains("kubelet.cert");
			FuzzedInput.requireNoSecret(ex.getMessage() + ex.action(), secrets);
		}
	}

}
