package io.kubelet.cert.export;

import java.util.Map;
import java.util.Optional;

import org.jspecify.annotations.Nullable;

/**
 * The exported files of all certificates that have some.
 *
 * @param files the files by the names of the certificates
 */
public record Exports(Map<String, ExportedFiles> files) implements AutoCloseable {

	public Exports {
		files = Map.copyOf(files);
	}

	/**
	 * Returns the files of a certificate.
	 * @param certificate its name
	 * @return the files, empty if it is not exported
	 */
	public Optional<ExportedFiles> find(String certificate) {
		return Optional.ofNullable(this.files.get(certificate));
	}

	/**
	 * Returns why the files of a certificate could not be written.
	 * @param certificate its name
	 * @return the reason and what to do, {@code null} if nothing is wrong
	 */
	public @Nullable String problem(String certificate) {
		return find(certificate).map(ExportedFiles::problem).orElse(null);
	}

	@Override
	public void close() {
		this.files.values().forEach(ExportedFiles::close);
	}

}
