package io.kubelet.cert.autoconfigure.actuate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Base64;

import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.core.io.ClassPathResource;

/**
 * What a browser shows of the endpoint: a page without content that loads the JSON of the
 * endpoint from where it was loaded itself. Its policy allows its own script and style,
 * by their digests, and nothing from elsewhere. It is ASCII, so that no server has to
 * know its encoding.
 */
final class CertificatesPage {

	private final boolean rotates;

	private final Clock clock;

	private volatile @Nullable String page;

	/**
	 * Creates the page.
	 * @param rotates whether the endpoint rotates certificates on request
	 * @param clock tells the time to which the instants in the JSON refer
	 */
	CertificatesPage(boolean rotates, Clock clock) {
		this.rotates = rotates;
		this.clock = clock;
	}

	/**
	 * Returns the page.
	 * @return its HTML
	 */
	String html() {
		String page = this.page;
		if (page == null) {
			page = assemble(this.rotates);
			this.page = page;
		}
		return page.replace("{{now}}", this.clock.instant().toString());
	}

	private static String assemble(boolean rotates) {
		String style = read("page.css");
		String script = read("page.js");
		return read("page.html").replace("{{rotates}}", String.valueOf(rotates))
			.replace("{{style-digest}}", digest(style))
			.replace("{{script-digest}}", digest(script))
			.replace("{{style}}", style)
			.replace("{{script}}", script);
	}

	private static String read(String name) {
		try {
			return new ClassPathResource(name, CertificatesPage.class).getContentAsString(StandardCharsets.US_ASCII);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String digest(String text) {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
			return "sha256-" + Base64.getEncoder().encodeToString(digest);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static final class Hints implements RuntimeHintsRegistrar {

		@Override
		public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
			hints.resources().registerPattern("io/kubelet/cert/autoconfigure/actuate/page.*");
		}

	}

}
