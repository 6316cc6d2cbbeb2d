package io.kubelet.cert.kubernetes;

import java.io.IOException;

/**
 * Reports that an answer (unpacked) or a line of a watch is larger than 4 MiB. Objects of
 * the API have at most 1.5 MiB, unless etcd is configured otherwise.
 */
public final class AnswerTooLargeException extends IOException {

	static final int MAXIMUM_BYTES = 4 * 1024 * 1024;

	AnswerTooLargeException() {
		super("it is larger than 4 MiB");
	}

}
