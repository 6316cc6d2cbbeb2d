package io.kubelet.cert.test;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.http.ConnectionCut;
import io.kubelet.cert.test.http.HttpFrontEnd;
import io.kubelet.cert.test.server.ApiServer;
import io.kubelet.cert.test.server.Identities;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of the API server: lets faults strike, and keeps what was asked, the
 * newest ten thousand of it.
 */
final class Requests implements HttpFrontEnd.Handler {

	private static final System.Logger LOGGER = System.getLogger(Requests.class.getName());

	private static final int KEPT = 10_000;

	private final Deque<RecordedRequest> requests = new ArrayDeque<>();

	private final Identities identities;

	private final Faults faults;

	private final ApiServer api;

	private final Clock clock;

	Requests(Identities identities, Faults faults, ApiServer api, Clock clock) {
		this.identities = identities;
		this.faults = faults;
		this.api = api;
		this.clock = clock;
	}

	@Override
	public ApiResponse answer(ApiRequest request) throws IOException {
		Caller caller = this.identities.authenticate(request);
		RecordedRequest recorded = new RecordedRequest(request.method(), request.path(), request.query(),
				(caller != null) ? caller.user() : "", serialNumber(request.certificates()), 0, this.clock.instant());
		try {
			ApiResponse response = this.faults.strike(recorded).handle(() -> this.api.answer(request, caller));
			add(recorded.answered(response.status()));
			return response;
		}
		catch (ConnectionCut cut) {
			add(recorded);
			throw cut;
		}
		catch (RuntimeException | Error ex) {
			// Such as an assertion in the predicate of a fault
			LOGGER.log(System.Logger.Level.ERROR,
					"The embedded control plane cannot answer " + request.method() + " " + request.path(), ex);
			add(recorded.answered(500));
			return ApiFailure.internal("The embedded control plane failed, see its log").toResponse();
		}
	}

	/** Whole bytes, as tools print it. */
	private static @Nullable String serialNumber(List<X509Certificate> chain) {
		if (chain.isEmpty()) {
			return null;
		}
		String digits = chain.get(0).getSerialNumber().toString(16);
		return (digits.length() % 2 == 0) ? digits : "0" + digits;
	}

	private synchronized void add(RecordedRequest request) {
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
