package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The Java of a document: all of its classes and interfaces, each with its imports.
 */
public final class DocumentedJava {

	private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

	/** Keeps the libraries open. */
	private static final StandardJavaFileManager FILES = COMPILER.getStandardFileManager(null, null, null);

	private DocumentedJava() {
	}

	/**
	 * Compiles the Java of a document.
	 * @return loads the classes
	 */
	public static ClassLoader compile(Markdown document, Path output) {
		DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
		boolean compiled = COMPILER
			.getTask(null, FILES, diagnostics,
					List.of("-proc:none", "-d", output.toString(), "-classpath", System.getProperty("java.class.path")),
					null, document.blocks("java").map((block) -> new Source(block.content())).toList())
			.call();
		assertThat(compiled)
			.withFailMessage(() -> document + ": "
					+ diagnostics.getDiagnostics()
						.stream()
						.filter((diagnostic) -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
						.map(Object::toString)
						.collect(Collectors.joining("\n")))
			.isTrue();
		try {
			return new URLClassLoader(new URL[] { output.toUri().toURL() }, DocumentedJava.class.getClassLoader());
		}
		catch (IOException ex) {
			throw new java.io.UncheckedIOException(ex);
		}
	}

	private static final class Source extends SimpleJavaFileObject {

		private static final Pattern TYPE = Pattern
			.compile("(?m)^(?:public )?(?:final )?(?:class|interface|record) (\\w+)");

		private final String content;

		Source(String content) {
			super(URI.create("string:///" + name(content) + Kind.SOURCE.extension), Kind.SOURCE);
			this.content = content;
		}

		private static String name(String content) {
			Matcher type = TYPE.matcher(content);
			assertThat(type.find()).as(content).isTrue();
			return type.group(1);
		}

		@Override
		public CharSequence getCharContent(boolean ignoreEncodingErrors) {
			return this.content;
		}

	}

}
