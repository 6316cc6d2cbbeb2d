package io.kubelet.cert.faults;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import org.jspecify.annotations.Nullable;
import org.mockito.MockMakers;
import org.mockito.MockSettings;
import org.mockito.Mockito;
import org.mockito.invocation.InvocationOnMock;
import org.mockito.stubbing.Answer;

/**
 * The disk under a directory, with operations that fail when a test says so. Its file
 * system, provider and channels call the real ones once the disk has been asked.
 */
final class FaultyDisk {

	/** What a program does with a disk. */
	enum Operation {

		CREATE_DIRECTORY, CREATE_FILE, WRITE, SYNC, READ, CREATE_LINK, RENAME, OPEN_DIRECTORY, SYNC_DIRECTORY, LIST,
		NEXT_FILE, DELETE

	}

	private static final Set<Operation> CHANGES = EnumSet.of(Operation.CREATE_DIRECTORY, Operation.CREATE_FILE,
			Operation.CREATE_LINK, Operation.RENAME, Operation.DELETE);

	/** What a provider need not have. */
	private static final Set<String> OPTIONAL = Set.of("newFileChannel", "createSymbolicLink", "readSymbolicLink");

	private final FileSystemProvider provider = intercepted(FileSystemProvider.class, this::provide);

	private final FileSystem fileSystem = intercepted(FileSystem.class, (call) -> switch (call.getMethod().getName()) {
		case "provider" -> this.provider;
		case "supportedFileAttributeViews" ->
			this.modes ? FileSystems.getDefault().supportedFileAttributeViews() : Set.of("basic");
		default -> proceed(call, FileSystems.getDefault());
	});

	private final List<Operation> operations = new ArrayList<>();

	private IntPredicate failing = (index) -> false;

	private String failure = "";

	private int room = Integer.MAX_VALUE;

	private boolean modes = true;

	private @Nullable Integer owner;

	private @Nullable String mode;

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

	/**
	 * New files have this mode, whichever is asked for, as those of a CIFS mount have.
	 */
	void imposeMode(String mode) {
		this.mode = mode;
	}

	/**
	 * New files belong to this user, whoever creates them. Only root can arrange that.
	 */
	void mapUsersTo(int owner) {
		this.owner = owner;
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

	private void before(Operation operation, Path file) throws IOException {
		this.operations.add(operation);
		if (this.failing.test(this.operations.size() - 1)) {
			throw new FileSystemException(file.toString(), null, this.failure);
		}
	}

	/** How many of these bytes have room. */
	private int take(int bytes, Path file) throws IOException {
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
				(proxy, method, arguments) -> {
					this.questions += method.getName().equals("toRealPath") ? 1 : 0;
					return switch (method.getName()) {
						case "getFileSystem" -> this.fileSystem;
						case "real" -> path;
						default -> onThisDisk(invoke(method, path, (arguments != null) ? arguments : new Object[0]));
					};
				});
	}

	private Object onThisDisk(Object result) {
		return (result instanceof Path path) ? on(path) : result;
	}

	/** What the provider does, by the names of its methods. */
	private @Nullable Object provide(InvocationOnMock call) throws Throwable {
		Path file = (call.getArgument(0) instanceof Real faulty) ? faulty.real() : Path.of("");
		FileSystemProvider real = FileSystems.getDefault().provider();
		switch (call.getMethod().getName()) {
			case "newByteChannel", "newFileChannel" -> {
				return open(file, call.getArgument(1), call, real);
			}
			case "newDirectoryStream" -> {
				before(Operation.LIST, file);
				DirectoryStream<?> files = (DirectoryStream<?>) proceed(call, real);
				return intercepted(DirectoryStream.class, (listed) -> listed.getMethod().getName().equals("iterator")
						? StreamSupport.stream(files.spliterator(), false).map((next) -> next(file, next)).iterator()
						: proceed(listed, files));
			}
			case "createDirectory" -> {
				if (!Files.exists(file)) {
					before(Operation.CREATE_DIRECTORY, file);
				}
			}
			case "createSymbolicLink" -> {
				before(Operation.CREATE_LINK, file);
				take(1, file);
			}
			case "delete" -> {
				if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
					before(Operation.DELETE, file);
				}
			}
			case "move" -> before(Operation.RENAME, file);
			case "checkAccess", "readAttributes" -> this.questions++;
			default -> {
			}
		}
		return onThisDisk(proceed(call, real));
	}

	private Object next(Path directory, Object file) {
		try {
			before(Operation.NEXT_FILE, directory);
			return onThisDisk(file);
		}
		catch (IOException ex) {
			throw new DirectoryIteratorException(ex);
		}
	}

	private FileChannel open(Path file, Set<?> options, InvocationOnMock call, FileSystemProvider provider)
			throws Throwable {
		boolean directory = Files.isDirectory(file);
		boolean writes = options.contains(StandardOpenOption.WRITE);
		before(directory ? Operation.OPEN_DIRECTORY : writes ? Operation.CREATE_FILE : Operation.READ, file);
		FileChannel real = (FileChannel) proceed(call, provider);
		if (writes && this.owner != null) {
			Files.setAttribute(file, "unix:uid", this.owner);
		}
		if (writes && this.mode != null) {
			Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(this.mode));
		}
		return intercepted(FileChannel.class, (access) -> {
			switch (access.getMethod().getName()) {
				case "implCloseChannel" -> {
					real.close();
					return null;
				}
				case "write" -> {
					before(Operation.WRITE, file);
					ByteBuffer source = access.getArgument(0);
					int written = real.write(source.slice().limit(take(source.remaining(), file)));
					source.position(source.position() + written);
					return written;
				}
				case "force" -> before(directory ? Operation.SYNC_DIRECTORY : Operation.SYNC, file);
				default -> {
				}
			}
			return proceed(access, real);
		});
	}

	/** An object whose methods give an answer, but for those that build on others. */
	private static <T> T intercepted(Class<T> type, Answer<?> answer) {
		MockSettings settings = type.isInterface() ? Mockito.withSettings() : Mockito.withSettings().useConstructor();
		return Mockito.mock(type,
				settings.mockMaker(MockMakers.SUBCLASS)
					.defaultAnswer((call) -> Modifier.isAbstract(call.getMethod().getModifiers())
							|| OPTIONAL.contains(call.getMethod().getName()) ? answer.answer(call)
									: call.callRealMethod()));
	}

	private static Object proceed(InvocationOnMock call, Object real) throws Throwable {
		return invoke(call.getMethod(), real, call.getRawArguments());
	}

	private static Object invoke(Method method, Object real, Object[] arguments) throws Throwable {
		try {
			return method.invoke(real,
					Stream.of(arguments)
						.map((argument) -> (argument instanceof Real faulty) ? faulty.real() : argument)
						.toArray());
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
