package io.kubelet.cert.certificate.peers;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The URIs that are accepted: exactly one, or those with a certain beginning and one or
 * several further segments. URIs are compared as texts. What a pattern stands for is
 * limited to characters that no two programs read in different ways.
 *
 * @param base the beginning, or the whole URI
 * @param further what follows
 */
public record UriPattern(String base, Further further) {

	private static final String ONE = "/*";

	private static final String ANY = "/**";

	/**
	 * Reads a pattern.
	 * @param text the pattern
	 * @return the pattern
	 * @throws IllegalArgumentException if it is none, with what to do
	 */
	public static UriPattern of(String text) {
		Further further = text.endsWith(ANY) ? Further.SEGMENTS
				: text.endsWith(ONE) ? Further.SEGMENT : Further.NOTHING;
		String base = text.substring(0, text.length() - further.suffix.length());
		if (base.contains("*")) {
			throw new IllegalArgumentException(
					"'%s' has a '*' that is not its end: a URI may end in '/*' (one further segment) or '/**' (one or more), nothing else is a pattern"
						.formatted(text));
		}
		requireUri(text, base);
		if (SpiffeId.isClaimedBy(base)) {
			String objection = SpiffeId.objection((further == Further.NOTHING) ? base : base + "/any");
			if (objection != null) {
				throw new IllegalArgumentException("'%s' is no SPIFFE ID: %s".formatted(text, objection));
			}
		}
		else if (further != Further.NOTHING && !base.matches("[^/?#]+://[^/?#]+(/[^?#]*)?")) {
			throw new IllegalArgumentException(
					"'%s' must have a scheme and a host before its path, such as spiffe://example.org/ns/shop/*, and neither a query nor a fragment"
						.formatted(text));
		}
		return new UriPattern(base, further);
	}

	private static void requireUri(String text, String base) {
		try {
			URI uri = new URI(base);
			if (!uri.isAbsolute()) {
				throw new IllegalArgumentException(
						"'%s' has no scheme: set it to the whole URI, such as spiffe://example.org/ns/shop/sa/shop"
							.formatted(text));
			}
			String beginning = uri.getScheme() + Objects.requireNonNullElse(uri.getRawAuthority(), "");
			if (!beginning.equals(beginning.toLowerCase(Locale.ROOT))) {
				throw new IllegalArgumentException(
						"'%s' must have its scheme and its host or trust domain in lower case".formatted(text));
			}
			if (!base.chars().allMatch((character) -> character < 128)) {
				throw new IllegalArgumentException(
						"'%s' has characters that no URI in a certificate has: encode them as the authority does"
							.formatted(text));
			}
		}
		catch (URISyntaxException ex) {
			throw new IllegalArgumentException(
					"'%s' is no URI: set it to one such as spiffe://example.org/ns/shop/sa/shop".formatted(text), ex);
		}
	}

	boolean matches(String uri) {
		if (this.further == Further.NOTHING) {
			return uri.equals(this.base);
		}
		if (!uri.startsWith(this.base + "/")) {
			return false;
		}
		String[] segments = uri.substring(this.base.length() + 1).split("/", -1);
		return (segments.length == 1 || this.further == Further.SEGMENTS)
				&& Stream.of(segments).allMatch(SpiffeId::isSegment);
	}

	@Override
	public String toString() {
		return this.base + this.further.suffix;
	}

	/**
	 * What follows.
	 */
	public enum Further {

		/** Nothing. */
		NOTHING(""),

		/** One segment. */
		SEGMENT(ONE),

		/** One or more segments. */
		SEGMENTS(ANY);

		private final String suffix;

		Further(String suffix) {
			this.suffix = suffix;
		}

	}

}
