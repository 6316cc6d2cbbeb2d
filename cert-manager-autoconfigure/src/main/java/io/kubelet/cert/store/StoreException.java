package io.kubelet.cert.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

import io.kubelet.cert.certificate.CertificateManagerException;
import org.jspecify.annotations.Nullable;

/**
 * The store cannot be read or written. The message names the file and, if it is known,
 * what to do. What was stored before is unchanged.
 */
public class StoreException extends CertificateManagerException {

	public StoreException(String message, @Nullable Throwable cause) {
		this(Kind.STORE, message, cause);
	}

	/**
	 * Creates an exception of another kind, such as that the API server that holds the
	 * store cannot be reached.
	 * @param kind the kind
	 * @param message names the store and says what happened
	 * @param cause the cause, {@code null} if there is none
	 */
	public StoreException(Kind kind, String message, @Nullable Throwable cause) {
		super(kind, message, cause);
	}

	static StoreException notWritten(String problem, IOException cause) {
		return new StoreException(
				problem + ": " + reason(cause) + ". Make the directory writable and check that its disk has room",
				cause);
	}

	/**
	 * Returns what happened to a file, without its name, which may be that of a temporary
	 * file and another one each time.
	 * @param cause what happened
	 * @return a clause
	 */
	public static String reason(IOException cause) {
		return (cause instanceof AccessDeniedException) ? "permission denied"
				: (cause instanceof NoSuchFileException) ? "no such file or directory"
						: (cause instanceof FileSystemException system && system.getReason() != null)
								? system.getReason() : cause.toString();
	}

}
