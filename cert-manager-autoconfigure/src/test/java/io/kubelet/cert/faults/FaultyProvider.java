package io.kubelet.cert.faults;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;

import io.kubelet.cert.faults.FaultyDisk.Operation;

/**
 * Asks a {@link FaultyDisk} whether it fails, before it does what it is told.
 */
final class FaultyProvider extends FileSystemProvider {

	private final FileSystemProvider real = FileSystems.getDefault().provider();

	private final FaultyDisk disk;

	FaultyProvider(FaultyDisk disk) {
		this.disk = disk;
	}

	@Override
	public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
			throws IOException {
		if (attributes.length > 0 && !this.disk.hasModes()) {
			throw new UnsupportedOperationException("'posix:permissions' not supported as initial attribute");
		}
		Path file = FaultyDisk.real(path);
		if (Files.isDirectory(file)) {
			this.disk.before(Operation.OPEN_DIRECTORY, file);
			return new FaultyChannel(this.disk, file, Operation.SYNC_DIRECTORY,
					this.real.newFileChannel(file, options, attributes));
		}
		boolean writes = options.contains(StandardOpenOption.WRITE);
		this.disk.before(writes ? Operation.CREATE_FILE : Operation.READ, file);
		FileChannel channel = this.real.newFileChannel(file, options, attributes);
		if (writes) {
			this.disk.created(file);
		}
		return new FaultyChannel(this.disk, file, Operation.SYNC, channel);
	}

	@Override
	public SeekableByteChannel newByteChannel(Path path, Set<? extends OpenOption> options,
			FileAttribute<?>... attributes) throws IOException {
		return newFileChannel(path, options, attributes);
	}

	@Override
	public DirectoryStream<Path> newDirectoryStream(Path path, DirectoryStream.Filter<? super Path> filter)
			throws IOException {
		Path directory = FaultyDisk.real(path);
		this.disk.before(Operation.LIST, directory);
		DirectoryStream<Path> files = this.real.newDirectoryStream(directory, filter);
		return new DirectoryStream<>() {

			@Override
			public Iterator<Path> iterator() {
				return StreamSupport.stream(files.spliterator(), false).map(FaultyProvider.this.disk::on).iterator();
			}

			@Override
			public void close() throws IOException {
				files.close();
			}

		};
	}

	@Override
	public void createDirectory(Path path, FileAttribute<?>... attributes) throws IOException {
		Path directory = FaultyDisk.real(path);
		if (!Files.exists(directory)) {
			this.disk.before(Operation.CREATE_DIRECTORY, directory);
		}
		this.real.createDirectory(directory, attributes);
	}

	@Override
	public void createSymbolicLink(Path path, Path target, FileAttribute<?>... attributes) throws IOException {
		Path link = FaultyDisk.real(path);
		this.disk.before(Operation.CREATE_LINK, link);
		this.disk.take(1, link);
		this.real.createSymbolicLink(link, FaultyDisk.real(target), attributes);
	}

	@Override
	public void delete(Path path) throws IOException {
		Path file = FaultyDisk.real(path);
		if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
			this.disk.before(Operation.DELETE, file);
		}
		this.real.delete(file);
	}

	@Override
	public void move(Path source, Path target, CopyOption... options) throws IOException {
		this.disk.before(Operation.RENAME, FaultyDisk.real(source));
		this.real.move(FaultyDisk.real(source), FaultyDisk.real(target), options);
	}

	@Override
	public void copy(Path source, Path target, CopyOption... options) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Path readSymbolicLink(Path link) throws IOException {
		return this.disk.on(this.real.readSymbolicLink(FaultyDisk.real(link)));
	}

	@Override
	public boolean isSameFile(Path path, Path other) throws IOException {
		return this.real.isSameFile(FaultyDisk.real(path), FaultyDisk.real(other));
	}

	@Override
	public boolean isHidden(Path path) throws IOException {
		return this.real.isHidden(FaultyDisk.real(path));
	}

	@Override
	public FileStore getFileStore(Path path) throws IOException {
		this.disk.asked();
		return this.real.getFileStore(FaultyDisk.real(path));
	}

	@Override
	public void checkAccess(Path path, AccessMode... modes) throws IOException {
		this.disk.asked();
		this.real.checkAccess(FaultyDisk.real(path), modes);
	}

	@Override
	public <V extends FileAttributeView> V getFileAttributeView(Path path, Class<V> type, LinkOption... options) {
		return this.real.getFileAttributeView(FaultyDisk.real(path), type, options);
	}

	@Override
	public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
			throws IOException {
		this.disk.asked();
		return this.real.readAttributes(FaultyDisk.real(path), type, options);
	}

	@Override
	public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
		return this.real.readAttributes(FaultyDisk.real(path), attributes, options);
	}

	@Override
	public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
		this.real.setAttribute(FaultyDisk.real(path), attribute, value, options);
	}

	@Override
	public String getScheme() {
		return "faulty";
	}

	@Override
	public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileSystem getFileSystem(URI uri) {
		throw new UnsupportedOperationException();
	}

	@Override
	public Path getPath(URI uri) {
		throw new UnsupportedOperationException();
	}

}
