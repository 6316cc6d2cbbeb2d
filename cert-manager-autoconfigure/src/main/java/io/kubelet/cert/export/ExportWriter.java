package io.kubelet.cert.export;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Writes the files of one certificate: decides which ones, and with which password.
 */
final class ExportWriter {

	private static final String PASSWORD = "password.txt";

	private final String name;

	private final ExportSettings settings;

	private final ExportDirectory directory;

	private final ExportAccess access;

	private final ExportPlace place;

	/** The generated one. */
	private @Nullable String password;

	ExportWriter(String name, ExportSettings settings) {
		this.name = name;
		this.settings = settings;
		this.access = new ExportAccess(settings.mode(), settings.group());
		this.directory = new ExportDirectory(name, settings.directory(), this.access);
		this.place = new ExportPlace(name, settings.directory());
	}

	ExportDirectory directory() {
		return this.directory;
	}

	/**
	 * Writes the files, unless the directory holds them.
	 * @return whether they were written
	 */
	boolean write(CertificatePair pair, Trust trust) throws IOException {
		requireOwnDirectory();
		String password = password();
		Map<String, byte[]> files = files(
				new ExportFormat.Content(this.name, pair, KeyStores.atLeastOne(trust.authorities()), password));
		return this.directory.write(files, (file, content) -> ExportFormat.isSame(file, content,
				Objects.requireNonNull(files.get(file)), password));
	}

	void requireOwnDirectory() throws IOException {
		this.directory.requireOwn(names());
	}

	void reportPlace() {
		this.place.report(names());
	}

	private Set<String> names() {
		return Stream
			.concat(this.settings.formats().stream().flatMap((format) -> format.names().stream()),
					generatesPassword() ? Stream.of(PASSWORD) : Stream.empty())
			.collect(Collectors.toSet());
	}

	void requireGroup() throws IOException {
		this.access.find(this.settings.directory());
	}

	private Map<String, byte[]> files(ExportFormat.Content content) {
		Map<String, byte[]> files = new LinkedHashMap<>();
		for (ExportFormat format : this.settings.formats()) {
			Iterator<byte[]> contents = format.contents(content).iterator();
			format.names().forEach((file) -> files.put(file, contents.next()));
		}
		if (generatesPassword()) {
			files.put(PASSWORD, content.password().getBytes(StandardCharsets.UTF_8));
		}
		return files;
	}

	private boolean generatesPassword() {
		return this.settings.passwordFile() == null && this.settings.formats().contains(ExportFormat.PKCS12);
	}

	void requirePassword() {
		if (this.settings.passwordFile() != null) {
			read(this.settings.passwordFile());
		}
	}

	/** Returns the password of key stores. */
	private String password() throws IOException {
		Path file = this.settings.passwordFile();
		if (file != null) {
			return read(file);
		}
		if (this.password == null && generatesPassword()) {
			byte[] last = this.directory.read(PASSWORD);
			this.password = (last != null && last.length > 0) ? new String(last, StandardCharsets.UTF_8) : random();
		}
		return Objects.requireNonNullElse(this.password, "");
	}

	/** The first line counts, as for OpenSSL and keytool. */
	private static String read(Path file) {
		try {
			return TextFile.read(file)
				.lines()
				.findFirst()
				.filter((line) -> !line.isBlank())
				.orElseThrow(() -> new StoreException(
						"There is no password in the first line of %s: write it there".formatted(file), null));
		}
		catch (NoSuchFileException ex) {
			throw new StoreException(
					"There is no file %s: write the password of the key stores to it, or remove the property to have one generated"
						.formatted(file),
					ex);
		}
		catch (IOException ex) {
			throw new StoreException("The password of key stores cannot be read from %s: %s. Make the file readable"
				.formatted(file, StoreException.reason(ex)), ex);
		}
	}

	private static String random() {
		byte[] password = new byte[16];
		new SecureRandom().nextBytes(password);
		return HexFormat.of().formatHex(password);
	}

}
