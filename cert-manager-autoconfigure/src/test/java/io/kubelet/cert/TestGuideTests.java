package io.kubelet.cert;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Markdown;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The tests of the guide pass with the application of "Getting started".
 *
 * @see "docs/how-to/test.md"
 */
class TestGuideTests {

	private static final Markdown START = Markdown.of("docs/getting-started.md");

	private static final Markdown GUIDE = Markdown.of("docs/how-to/test.md");

	@TempDir
	Path directory;

	@Test
	void testsOfTheGuidePass() throws Exception {
		assertThat(succeeded(compile(), START.blocks("yaml").limit(2), "ShopTests", "BadDayTests")).isEqualTo(3);
	}

	/** Without the client of the guide, which presents another certificate. */
	@Test
	void testOfAVolumePassesWithTheConfigurationOfPodCertificates() throws Exception {
		ClassLoader guide = compile();
		Files.delete(this.directory.resolve("com/example/shop/InventoryClientConfiguration.class"));
		assertThat(succeeded(guide,
				Markdown.of("docs/how-to/pod-certificates.md")
					.blocks("yaml")
					.filter((block) -> block.content().contains("tls-cert-file")),
				"VolumeTests"))
			.isEqualTo(1);
	}

	private ClassLoader compile() {
		DocumentedJava.compile(START, this.directory);
		return DocumentedJava.compile(GUIDE, this.directory);
	}

	/** Returns how many tests succeed. None may fail. */
	private long succeeded(ClassLoader guide, Stream<Markdown.Block> configuration, String... tests) throws Exception {
		Path directory = Files.createDirectory(this.directory.resolve("config"));
		Files.writeString(directory.resolve("application.yml"),
				configuration.map(Markdown.Block::content).collect(Collectors.joining("---\n")));
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		thread.setContextClassLoader(guide);
		try {
			SummaryGeneratingListener results = new SummaryGeneratingListener();
			LauncherFactory.create().execute(request(guide, tests), results);
			assertThat(results.getSummary().getFailures()).isEmpty();
			return results.getSummary().getTestsSucceededCount();
		}
		finally {
			thread.setContextClassLoader(before);
		}
	}

	private static LauncherDiscoveryRequest request(ClassLoader guide, String... tests) throws ClassNotFoundException {
		LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
		for (String test : tests) {
			request.selectors(DiscoverySelectors.selectClass(guide.loadClass("com.example.shop." + test)));
		}
		return request.build();
	}

}
