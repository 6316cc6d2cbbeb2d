package io.kubelet.cert.kubernetes;

import java.io.IOException;

/**
 * Reports that an answer (unpacked) or a line of a watch is larger than 4 MiB, or a list
 * longer than its limit. Objects of the API have at most 1.5 MiB, unless etcd is
 * configured otherwise.
 */
public final class AnswerTooLargeException extends IOException {

	static final int MAXIMUM_BYTES = 4 * 1024 * 1024;

	private final String limit;

	AnswerTooLargeException() {
		this("4 MiB");
	}

	/**
	 * Creates an exception.
	 * @param limit what the answer is larger than
	 */
	public AnswerTooLargeException(String limit) {
		super("it is larger than " + limit);
		this.limit = limit;
	}

	String limit() {
		return this.limit;
	}

}
