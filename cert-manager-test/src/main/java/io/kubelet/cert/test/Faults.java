package io.kubelet.cert.test;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.api.Watch;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.http.ConnectionCut;

/**
 * Makes requests go wrong. A fault is armed for the next so many requests that match; the
 * first one armed that matches a request is the one that strikes. Can be used by any
 * thread.
 */
public final class Faults {

	private final List<Armed> armed = new CopyOnWriteArrayList<>();

	private final Set<Watch> watches;

	private final ObjectStore store;

	Faults(Set<Watch> watches, ObjectStore store) {
		this.watches = watches;
		this.store = store;
	}

	/**
	 * Choose requests. Nothing happens before one of the methods of the result is called.
	 * @param times how many requests go wrong
	 * @param matching which requests, as in {@code RecordedRequest::isCreate}; their
	 * status is 0 yet. What it throws is logged, and the answer is an error 500
	 * @return what can be done to them
	 */
	public Injection next(int times, Predicate<RecordedRequest> matching) {
		return new Injection(times, matching);
	}

	/**
	 * Disarm all faults.
	 * @return this
	 */
	public Faults clear() {
		this.armed.clear();
		return this;
	}

	/**
	 * End all open watches, as if their time were up.
	 * @return this
	 */
	public Faults endWatches() {
		this.watches.forEach((watch) -> watch.stop(Watch.Stop.END));
		return this;
	}

	/**
	 * Cut the connections of all open watches.
	 * @return this
	 */
	public Faults cutWatches() {
		this.watches.forEach((watch) -> watch.stop(Watch.Stop.CUT));
		return this;
	}

	/**
	 * End all open watches with an {@code ERROR} event, code 410.
	 * @return this
	 */
	public Faults expireWatches() {
		this.watches.forEach((watch) -> watch.stop(Watch.Stop.EXPIRE));
		return this;
	}

	/**
	 * Begin again with low resource versions and cut all open watches, as when a backup
	 * of etcd is restored. A watch that goes on where it was is served from then on, but
	 * gets nothing: no event, no bookmark and no error.
	 * @return this
	 */
	public Faults resetResourceVersions() {
		this.store.resetRevision();
		return cutWatches();
	}

	/** The fault that strikes a request; one that does nothing when there is none. */
	Strike strike(RecordedRequest request) {
		for (Armed candidate : this.armed) {
			if (candidate.matching().test(request) && candidate.left().getAndDecrement() > 0) {
				return candidate.strike();
			}
		}
		return Handler::handle;
	}

	/**
	 * What is done to the chosen requests.
	 */
	public final class Injection {

		private final int times;

		private final Predicate<RecordedRequest> matching;

		private Injection(int times, Predicate<RecordedRequest> matching) {
			this.times = times;
			this.matching = matching;
		}

		/**
		 * Answer with an error and do nothing.
		 * @param status the HTTP status, as in 401, 403, 410, 429, 500 or 503
		 * @return the faults
		 */
		public Faults answer(int status) {
			return arm((handler) -> ApiFailure.injected(status, -1).toResponse());
		}

		/**
		 * Answer with an error that says when to come again, and do nothing.
		 * @param status the HTTP status, as in 429 or 503
		 * @param retryAfter the value of {@code Retry-After}, in whole seconds
		 * @return the faults
		 */
		public Faults answer(int status, Duration retryAfter) {
			return arm((handler) -> ApiFailure.injected(status, retryAfter.toSeconds()).toResponse());
		}

		/**
		 * Refuse as admission control does, with 403, and do nothing.
		 * @param message the message, as in {@code pods "web" is forbidden: exceeded
		 * quota: few}
		 * @return the faults
		 */
		public Faults refuse(String message) {
			return arm((handler) -> ApiFailure.refused(message).toResponse());
		}

		/**
		 * Do what is asked, then answer with an error, as a server does that has lost the
		 * answer of etcd.
		 * @param status the HTTP status, as in 500 or 504
		 * @return the faults
		 */
		public Faults answerAfter(int status) {
			return arm((handler) -> {
				handler.handle();
				return ApiFailure.injected(status, -1).toResponse();
			});
		}

		/**
		 * Cut the connection and do nothing.
		 * @return the faults
		 */
		public Faults cutBefore() {
			return arm((handler) -> {
				throw new ConnectionCut();
			});
		}

		/**
		 * Do what is asked, then cut the connection instead of answering.
		 * @return the faults
		 */
		public Faults cutAfter() {
			return arm((handler) -> {
				handler.handle();
				throw new ConnectionCut();
			});
		}

		/**
		 * Begin a watch and end it with an {@code ERROR} event, code 410, at once.
		 * @return the faults
		 */
		public Faults expire() {
			return arm((handler) -> stopped(handler, Watch.Stop.EXPIRE));
		}

		/**
		 * Begin a watch and end it at once.
		 * @return the faults
		 */
		public Faults end() {
			return arm((handler) -> stopped(handler, Watch.Stop.END));
		}

		/**
		 * Begin a watch and cut its connection at once.
		 * @return the faults
		 */
		public Faults cut() {
			return arm((handler) -> stopped(handler, Watch.Stop.CUT));
		}

		/**
		 * Begin a watch that sends nothing, as through a proxy that holds its events
		 * back.
		 * @return the faults
		 */
		public Faults silence() {
			return arm((handler) -> {
				ApiResponse response = handler.handle();
				if (response instanceof ApiResponse.Stream stream && stream.source() instanceof Watch watch) {
					watch.silence();
				}
				return response;
			});
		}

		private ApiResponse stopped(Handler handler, Watch.Stop how) throws IOException {
			ApiResponse response = handler.handle();
			if (response instanceof ApiResponse.Stream stream && stream.source() instanceof Watch watch) {
				watch.stop(how);
			}
			return response;
		}

		private Faults arm(Strike strike) {
			Faults.this.armed.add(new Armed(this.matching, new AtomicInteger(this.times), strike));
			return Faults.this;
		}

	}

	/** Handles a request as it should be. */
	@FunctionalInterface
	interface Handler {

		ApiResponse handle() throws IOException;

	}

	/** Handles a request as it should not be. */
	@FunctionalInterface
	interface Strike {

		ApiResponse handle(Handler handler) throws IOException;

	}

	private record Armed(Predicate<RecordedRequest> matching, AtomicInteger left, Strike strike) {

	}

}
