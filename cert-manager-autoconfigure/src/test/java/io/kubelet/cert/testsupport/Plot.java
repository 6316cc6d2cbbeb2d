package io.kubelet.cert.testsupport;

import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A picture with lines and texts, SVG, that is light or dark as its reader.
 */
public final class Plot {

	private final StringBuilder svg = new StringBuilder();

	public Plot(int width, int height) {
		append("""
				<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
				<style>text{fill:#1f2328}.axis{stroke:#59636e}path{fill:none;stroke-width:1.5}
				@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.axis{stroke:#9198a1}}</style>
				""", width, height);
	}

	/** Writes a text that begins here. */
	public Plot text(double x, double y, String text) {
		return text(x, y, "", text);
	}

	/** Writes a text that ends here. */
	public Plot textBefore(double x, double y, String text) {
		return text(x, y, " text-anchor=\"end\"", text);
	}

	/** Writes a text in a color that is legible on light and dark. */
	public Plot text(double x, double y, Color color, String text) {
		return text(x, y, " style=\"fill:%s\"".formatted(color.code), text);
	}

	private Plot text(double x, double y, String attributes, String text) {
		return append("<text x=\"%.0f\" y=\"%.0f\"%s>%s</text>\n", x, y, attributes, text);
	}

	/** Draws an axis, or both, along a path. */
	public Plot axis(String path) {
		return append("<path class=\"axis\" d=\"%s\"/>\n", path);
	}

	/** Draws a dashed line along a path. */
	public Plot mark(String path) {
		return append("<path class=\"axis\" stroke-dasharray=\"4\" d=\"%s\"/>\n", path);
	}

	/** Draws a line through points at equal distances, the first one at the left. */
	public Plot line(Color color, double left, double width, double[] y) {
		return append("<path stroke=\"%s\" d=\"M%s\"/>\n", color.code,
				IntStream.range(0, y.length)
					.mapToObj((i) -> String.format(Locale.ROOT, "%.1f %.1f", left + width * i / (y.length - 1), y[i]))
					.collect(Collectors.joining("L")));
	}

	private Plot append(String format, Object... values) {
		this.svg.append(String.format(Locale.ROOT, format, values));
		return this;
	}

	/** The picture, as the content of a file. */
	@Override
	public String toString() {
		return this.svg + "</svg>\n";
	}

	/** Colors of lines and their names. */
	public enum Color {

		GREEN("#2da44e"), YELLOW("#bf8700"), BLUE("#0969da"), RED("#cf222e");

		private final String code;

		Color(String code) {
			this.code = code;
		}

	}

}
