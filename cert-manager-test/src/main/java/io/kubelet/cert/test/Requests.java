package io.kubelet.cert.test;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/**
 * What was asked, the newest ten thousand of it.
 */
final class Requests {

	private static final int KEPT = 10_000;

	private final Deque<RecordedRequest> requests = new ArrayDeque<>();

	synchronized void add(RecordedRequest request) {
		this.requests.addLast(request);
		if (this.requests.size() > KEPT) {
			this.requests.removeFirst();
		}
	}

	synchronized List<RecordedRequest> matching(Predicate<RecordedRequest> filter) {
		return this.requests.stream().filter(filter).toList();
	}

	synchronized void clear() {
		this.requests.clear();
	}

}
