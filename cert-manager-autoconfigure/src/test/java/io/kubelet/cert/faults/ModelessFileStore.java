package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;

import org.jspecify.annotations.Nullable;

/**
 * A file store whose files have no POSIX modes.
 */
final class ModelessFileStore extends FileStore {

	private final FileStore real;

	ModelessFileStore(FileStore real) {
		this.real = real;
	}

	@Override
	public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
		return type != PosixFileAttributeView.class && this.real.supportsFileAttributeView(type);
	}

	@Override
	public boolean supportsFileAttributeView(String name) {
		return !name.equals("posix") && this.real.supportsFileAttributeView(name);
	}

	@Override
	public String name() {
		return this.real.name();
	}

	@Override
	public String type() {
		return this.real.type();
	}

	@Override
	public boolean isReadOnly() {
		return this.real.isReadOnly();
	}

	@Override
	public long getTotalSpace() throws IOException {
		return this.real.getTotalSpace();
	}

	@Override
	public long getUsableSpace() throws IOException {
		return this.real.getUsableSpace();
	}

	@Override
	public long getUnallocatedSpace() throws IOException {
		return this.real.getUnallocatedSpace();
	}

	@Override
	public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
		return this.real.getFileStoreAttributeView(type);
	}

	@Override
	public Object getAttribute(String attribute) throws IOException {
		return this.real.getAttribute(attribute);
	}

}
