package io.kubelet.cert.faults;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * The disk under a directory, with operations that fail when a test says so.
 */
final class FaultyDisk {

	/** What a program does with a disk. */
	enum Operation {

		CREATE_DIRECTORY, CREATE_FILE, WRITE, SYNC, READ, CREATE_LINK, RENAME, OPEN_DIRECTORY, SYNC_DIRECTORY, LIST,
		DELETE

	}

	private static final Set<Operation> CHANGES = EnumSet.of(Operation.CREATE_DIRECTORY, Operation.CREATE_FILE,
			Operation.CREATE_LINK, Operation.RENAME, Operation.DELETE);

	private final FileSystem fileSystem = new FaultyFileSystem(new FaultyProvider(this), this);

	private final List<Operation> operations = new ArrayList<>();

	private IntPredicate failing = (index) -> false;

	private String failure = "";

	private int room = Integer.MAX_VALUE;

	private boolean modes = true;

	private @Nullable Integer owner;

	private int questions;

	/** From now on the operations fail whose indexes are such, counted from now. */
	void fail(IntPredicate failing) {
		this.operations.clear();
		this.failing = failing;
		this.failure = "Input/output error";
	}

	/** From now on nothing can be changed. */
	void mountReadOnly() {
		fail((index) -> CHANGES.contains(this.operations.get(index)));
		this.failure = "Read-only file system";
	}

	/** From now on there is room for so many more bytes; a link needs one. */
	void limit(int room) {
		this.room = room;
	}

	/** The disk knows no POSIX modes, as Windows' do not. */
	void removeModes() {
		this.modes = false;
	}

	boolean hasModes() {
		return this.modes;
	}

	/**
	 * New files belong to this user, whoever creates them. Only root can arrange that.
	 */
	void mapUsersTo(int owner) {
		this.owner = owner;
	}

	void created(Path file) throws IOException {
		if (this.owner != null) {
			Files.setAttribute(file, "unix:uid", this.owner);
		}
	}

	/** The disk is a good one again. */
	void repair() {
		fail((index) -> false);
		this.room = Integer.MAX_VALUE;
	}

	/** What was asked for since the last change. */
	List<Operation> operations() {
		return List.copyOf(this.operations);
	}

	/** How often a program asked for the state of a file or resolved its path. */
	int questions() {
		return this.questions;
	}

	void asked() {
		this.questions++;
	}

	void before(Operation operation, Path file) throws IOException {
		this.operations.add(operation);
		if (this.failing.test(this.operations.size() - 1)) {
			throw new FileSystemException(file.toString(), null, this.failure);
		}
	}

	/** How many of these bytes have room. */
	int take(int bytes, Path file) throws IOException {
		int taken = Math.min(bytes, this.room);
		if (bytes > 0 && taken == 0) {
			throw new FileSystemException(file.toString(), null, "No space left on device");
		}
		this.room -= taken;
		return taken;
	}

	/** The same path on this disk. */
	Path on(Path path) {
		return (Path) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Path.class, Real.class },
				(proxy, method, arguments) -> switch (method.getName()) {
					case "getFileSystem" -> this.fileSystem;
					case "real" -> path;
					default -> invoke(path, method, arguments);
				});
	}

	/** The path without the faults. */
	static Path real(Path path) {
		return (path instanceof Real faulty) ? faulty.real() : path;
	}

	private Object invoke(Path path, Method method, Object[] arguments) throws Throwable {
		if (method.getName().equals("toRealPath")) {
			asked();
		}
		Object[] real = (arguments == null) ? new Object[0]
				: Stream.of(arguments)
					.map((argument) -> (argument instanceof Path other) ? real(other) : argument)
					.toArray();
		try {
			Object result = method.invoke(path, real);
			return (result instanceof Path other) ? on(other) : result;
		}
		catch (InvocationTargetException ex) {
			throw ex.getCause();
		}
	}

	/** A path on a faulty disk. */
	private interface Real {

		Path real();

	}

}
