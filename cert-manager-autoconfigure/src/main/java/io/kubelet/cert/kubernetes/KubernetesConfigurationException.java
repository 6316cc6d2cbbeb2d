package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.TextFile.UnusableFileException;

/**
 * Reports that there is no usable way to an API server. The message names the file, what
 * is wrong with it and what to do. There is never a cause, because the message of a
 * parser or of a plug-in may quote a credential.
 */
public final class KubernetesConfigurationException extends CertificateManagerException {

	/**
	 * Creates an exception.
	 * @param message the message, which quotes no content of a file and no output of a
	 * program
	 */
	public KubernetesConfigurationException(String message) {
		this(Kind.OTHER, message);
	}

	/**
	 * Creates an exception for something that cannot be read from the API server, or
	 * credentials that cannot be obtained.
	 * @param kind why not, {@link Kind#OTHER} if that is not a matter of the connection
	 * @param message the message
	 */
	public KubernetesConfigurationException(Kind kind, String message) {
		super(kind, message, null);
	}

	/**
	 * Creates an exception for a file that cannot be read or written.
	 * @param what the file and its purpose
	 * @param verb what cannot be done, such as {@code read}
	 * @param failure says why; its message is not used
	 * @return the exception
	 */
	public static KubernetesConfigurationException of(String what, String verb, IOException failure) {
		return new KubernetesConfigurationException(what + ((failure instanceof NoSuchFileException) ? " does not exist"
				: " cannot be %s: %s".formatted(verb, reason(failure))));
	}

	private static String reason(IOException failure) {
		return (failure instanceof AccessDeniedException) ? "the user of this process lacks the permission"
				: (failure instanceof UnusableFileException unusable) ? unusable.getReason()
						: failure.getClass().getSimpleName();
	}

}
