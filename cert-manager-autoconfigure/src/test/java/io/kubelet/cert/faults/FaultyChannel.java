package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

import io.kubelet.cert.faults.FaultyDisk.Operation;

/**
 * A file on a {@link FaultyDisk}. A write takes no more than there is room for, as a
 * write to a disk does.
 */
final class FaultyChannel extends FileChannel {

	private final FaultyDisk disk;

	private final Path file;

	private final Operation sync;

	private final FileChannel real;

	FaultyChannel(FaultyDisk disk, Path file, Operation sync, FileChannel real) {
		this.disk = disk;
		this.file = file;
		this.sync = sync;
		this.real = real;
	}

	@Override
	public int write(ByteBuffer source) throws IOException {
		this.disk.before(Operation.WRITE, this.file);
		ByteBuffer part = source.slice().limit(this.disk.take(source.remaining(), this.file));
		int written = this.real.write(part);
		source.position(source.position() + written);
		return written;
	}

	@Override
	public void force(boolean metaData) throws IOException {
		this.disk.before(this.sync, this.file);
		this.real.force(metaData);
	}

	@Override
	public int read(ByteBuffer target) throws IOException {
		return this.real.read(target);
	}

	@Override
	public long position() throws IOException {
		return this.real.position();
	}

	@Override
	public FileChannel position(long position) throws IOException {
		this.real.position(position);
		return this;
	}

	@Override
	public long size() throws IOException {
		return this.real.size();
	}

	@Override
	protected void implCloseChannel() throws IOException {
		this.real.close();
	}

	@Override
	public long read(ByteBuffer[] targets, int offset, int length) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long write(ByteBuffer[] sources, int offset, int length) {
		throw new UnsupportedOperationException();
	}

	@Override
	public int read(ByteBuffer target, long position) {
		throw new UnsupportedOperationException();
	}

	@Override
	public int write(ByteBuffer source, long position) {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileChannel truncate(long size) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long transferTo(long position, long count, WritableByteChannel target) {
		throw new UnsupportedOperationException();
	}

	@Override
	public long transferFrom(ReadableByteChannel source, long position, long count) {
		throw new UnsupportedOperationException();
	}

	@Override
	public MappedByteBuffer map(MapMode mode, long position, long size) {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileLock lock(long position, long size, boolean shared) {
		throw new UnsupportedOperationException();
	}

	@Override
	public FileLock tryLock(long position, long size, boolean shared) {
		throw new UnsupportedOperationException();
	}

}
