package io.kubelet.cert.testsupport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The documentation of the project, as text and as its fenced blocks.
 */
public final class Markdown {

	private static final Pattern FENCE = Pattern.compile("```(\\w*)");

	private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");

	private final Path file;

	private final List<Block> blocks = new ArrayList<>();

	private final List<String> prose = new ArrayList<>();

	private Markdown(Path file) {
		this.file = file;
		Block open = null;
		List<String> lines = ProjectFiles.read(file).lines().toList();
		for (int i = 0; i < lines.size(); i++) {
			String line = lines.get(i);
			Matcher fence = FENCE.matcher(line);
			if (open == null && fence.matches()) {
				open = new Block(file, i + 1, fence.group(1), "");
			}
			else if (open == null) {
				this.prose.add(line);
			}
			else if (line.equals("```")) {
				this.blocks.add(open);
				open = null;
			}
			else {
				open = new Block(file, open.line(), open.language(), open.content() + line + "\n");
			}
		}
		if (open != null) {
			throw new IllegalStateException("A block is not closed: " + open);
		}
	}

	/**
	 * Returns the README, its translation and everything under {@code docs}.
	 */
	public static List<Markdown> all() {
		return Stream
			.concat(Stream.of("README.md", "README.zh-CN.md").map(ProjectFiles.ROOT::resolve),
					ProjectFiles.in("docs", ".md").stream())
			.map(Markdown::new)
			.toList();
	}

	/**
	 * Returns a document by its path from the top level.
	 */
	public static Markdown of(String path) {
		return new Markdown(ProjectFiles.ROOT.resolve(path));
	}

	public Path file() {
		return this.file;
	}

	public List<Block> blocks() {
		return this.blocks;
	}

	/**
	 * Returns the blocks in a language.
	 */
	public Stream<Block> blocks(String language) {
		return this.blocks.stream().filter((block) -> block.language().equals(language));
	}

	/**
	 * Returns the targets of the links and images, in their order.
	 */
	public List<String> links() {
		return this.prose.stream()
			.flatMap((line) -> LINK.matcher(line).results())
			.map((link) -> link.group(1))
			.toList();
	}

	/**
	 * Returns the lines outside of the fenced blocks.
	 */
	public Stream<String> prose() {
		return this.prose.stream();
	}

	/**
	 * Returns the anchors of the headings, as hosting services derive them.
	 */
	public List<String> anchors() {
		return this.prose.stream()
			.filter((line) -> line.startsWith("#"))
			.map((line) -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
			.map((heading) -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
			.toList();
	}

	@Override
	public String toString() {
		return ProjectFiles.ROOT.relativize(this.file).toString();
	}

	/**
	 * A fenced block.
	 *
	 * @param file the document
	 * @param line the line at which it begins
	 * @param language the language that the fence names
	 * @param content what is between the fences
	 */
	public record Block(Path file, int line, String language, String content) {

		@Override
		public String toString() {
			return "%s in %s:%d".formatted(this.language, ProjectFiles.ROOT.relativize(this.file), this.line);
		}

	}

}
