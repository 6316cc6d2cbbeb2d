package io.kubelet.cert;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

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

	@Test
	void testsOfTheGuidePass(@TempDir Path directory) throws Exception {
		Path configuration = Files.createDirectory(directory.resolve("config"));
		Files.writeString(configuration.resolve("application.yml"),
				START.blocks("yaml").limit(2).map(Markdown.Block::content).collect(Collectors.joining("---\n")));
		DocumentedJava.compile(START, directory);
		ClassLoader guide = DocumentedJava.compile(Markdown.of("docs/how-to/test.md"), directory);
		Thread thread = Thread.currentThread();
		ClassLoader before = thread.getContextClassLoader();
		thread.setContextClassLoader(guide);
		try {
			SummaryGeneratingListener results = new SummaryGeneratingListener();
			LauncherFactory.create().execute(request(guide), results);
			assertThat(results.getSummary().getFailures()).isEmpty();
			assertThat(results.getSummary().getTestsSucceededCount()).isEqualTo(3);
		}
		finally {
			thread.setContextClassLoader(before);
		}
	}

	private static LauncherDiscoveryRequest request(ClassLoader guide) throws ClassNotFoundException {
		return LauncherDiscoveryRequestBuilder.request()
			.selectors(DiscoverySelectors.selectClass(guide.loadClass("com.example.shop.ShopTests")),
					DiscoverySelectors.selectClass(guide.loadClass("com.example.shop.BadDayTests")))
			.build();
	}

}
